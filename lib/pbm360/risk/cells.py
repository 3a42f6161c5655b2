"""Say by small numbers in which cell an order lies: its stage, path, age, hour of the week, queue and promise."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pandas as pd

from pbm360.risk.clocks import HOUR, Clock, clocks_of, microseconds

KINDS = ("first_fill", "refill", "reship")
PATHS = ("begun", "asked", "decided", "cleared")
AGE_DAYS = (1, 3, 7, 14)
AGE_HOURS = (3, 8, 16, 24, 36, 48, 72, 96, 120, 144, 192, 240, 288, 360, 480, 720, 1080, 1620, 2400)
ELAPSED_DAYS = (1, 3, 7, 14, 21, 30, 45, 60, 75, 90, 105, 120, 150, 180, 270, 365, 450)  # since the referral
DAY_PARTS = (8, 11, 14, 18)  # local hours
PROMISE_HOURS = (0, 3, 6, 9, 12, 18, 24, 30, 36, 48)  # of rounds
QUEUE_DAYS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)  # of the pharmacy's own pace of shipping
DOCK_STAGE_ORDER = 120  # from here on the order has left the pharmacy
DOCK_LEVELS = (
    ("stage", "kind"),
    ("stage", "kind", "path", "age_days"),
    ("stage", "kind", "path", "age_days", "queue"),
    ("stage", "kind", "path", "age", "urgent", "queue"),
    ("stage", "kind", "path", "age", "urgent", "queue", "day_part", "weekday"),
)
DOOR_LEVELS = (
    ("stage", "kind"),
    ("stage", "kind", "path", "promise", "elapsed"),
    ("stage", "kind", "path", "promise", "elapsed", "age_days"),
    ("stage", "path", "promise", "elapsed", "age", "urgent"),
    ("stage", "path", "promise", "elapsed", "age", "carrier", "attempts"),
)


def with_hours(features: pd.DataFrame, pharmacies: pd.DataFrame) -> pd.DataFrame:
    """Add what is reckoned in working hours to features (sql/risk/order_features.sql), one row per instant and order.

    Columns: age_hours, slack_hours (opening hours of the pharmacy until due_at), promise_hours (hours of rounds until
    promised_at; null without one), local_hour, local_weekday, is_past_dock; the instants as microseconds:
    as_of_us, due_us, promised_us.
    """
    found = features.reset_index(drop=True).assign(
        as_of_us=microseconds(features["as_of"]),
        due_us=microseconds(features["due_at"]),
        promised_us=microseconds(features["promised_at"]),
        is_past_dock=features["stage_order"].to_numpy() >= DOCK_STAGE_ORDER,
    )
    found["age_hours"] = ((found["as_of_us"] - microseconds(features["stage_entered_at"])) / HOUR).clip(lower=0)
    found["slack_hours"] = on_clock(found, pharmacies, "due_us", 0)
    found["promise_hours"] = on_clock(found, pharmacies, "promised_us", 1)
    return found.assign(**_local_times(found, pharmacies))


def on_clock(rows: pd.DataFrame, pharmacies: pd.DataFrame, column: str, which: int) -> np.ndarray:
    """Return the working hours from as_of_us to an instant: of the pharmacy (0) or of the rounds (1); NaN as it is."""
    hours = np.full(len(rows), np.nan)
    for part, clock in _by_clock(rows, pharmacies, which, column):
        until, now = rows[column].to_numpy()[part], rows["as_of_us"].to_numpy()[part]
        hours[part] = clock.worked(until) - clock.worked(now)
    return np.where(np.isnan(rows[column].to_numpy(float)), np.nan, hours)


def instants_on_clock(rows: pd.DataFrame, pharmacies: pd.DataFrame, hours: np.ndarray, which: int) -> np.ndarray:
    """Return when so many working hours from as_of_us on are over, microseconds; NaN where hours are."""
    instants = np.full(len(rows), np.nan)
    for part, clock in _by_clock(rows, pharmacies, which, "as_of_us", horizon_days=400):
        now = rows["as_of_us"].to_numpy()[part]
        instants[part] = np.maximum(clock.instant(clock.worked(now) + hours[part]), now)
    return np.where(np.isnan(hours), np.nan, instants)


def cells_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the codes of the cells, below 256, of rows with hours (`with_hours`)."""
    pace = np.maximum(rows["shipped_week_count"].to_numpy(float), 1) / 7
    promise = rows["promise_hours"].to_numpy(float)
    elapsed = np.digitize((rows["as_of_us"] - microseconds(rows["received_at"])) / (24 * HOUR), ELAPSED_DAYS)
    weekday = rows["local_weekday"].to_numpy()
    return pd.DataFrame(
        {
            "stage": rows["stage_order"].to_numpy(),
            "kind": rows["kind"].map(dict(zip(KINDS, range(len(KINDS)), strict=True))).to_numpy(),
            "path": rows["path"].map(dict(zip(PATHS, range(len(PATHS)), strict=True))).to_numpy(),
            "age_days": np.digitize(rows["age_hours"] / 24, AGE_DAYS),
            "age": np.digitize(rows["age_hours"], AGE_HOURS),
            "elapsed": np.where(np.isnan(promise), elapsed, 99),  # once there is a promise it says more
            "urgent": (rows["priority"] == "urgent").to_numpy(int),
            "queue": np.digitize(rows["ahead_count"].to_numpy() / pace, QUEUE_DAYS),
            "day_part": np.digitize(rows["local_hour"], DAY_PARTS),
            "weekday": np.where(weekday < 3, 0, weekday - 2),
            "promise": np.where(np.isnan(promise), 99, np.digitize(np.nan_to_num(promise), PROMISE_HOURS)),
            "carrier": [crc32(name.encode()) % 251 if name else 255 for name in rows["carrier"]],
            "attempts": np.minimum(rows["delivery_attempt_count"].to_numpy(), 9),
        }
    )


def _by_clock(rows: pd.DataFrame, pharmacies: pd.DataFrame, which: int, column: str, horizon_days: int = 1):
    """Yield (rows of a pharmacy, its clock); rows of an unknown one have an always open clock."""
    instants = rows[[column, "as_of_us"]].to_numpy(float)
    if not len(rows) or np.isnan(instants[:, 1]).all():
        return
    day = 24 * HOUR  # whole days, so that a clock is made once
    first = int(np.nanmin(instants) // day * day)
    last = int(np.nanmax(instants) // day * day) + (horizon_days + 1) * day
    clocks = {name: pair[which] for name, pair in clocks_of(pharmacies, first, last).items()}
    always = Clock(None, np.array([first, last], float), np.array([0, (last - first) / HOUR]))
    for name, part in rows.groupby("pharmacy_id", sort=False).indices.items():
        yield part, clocks.get(name, always)


def _local_times(rows: pd.DataFrame, pharmacies: pd.DataFrame) -> dict[str, np.ndarray]:
    zones = dict(zip(pharmacies["pharmacy_id"], pharmacies["time_zone"], strict=True))
    hour, weekday = np.zeros(len(rows)), np.zeros(len(rows), int)
    for name, part in rows.groupby("pharmacy_id", sort=False).indices.items():
        times = pd.to_datetime(rows["as_of_us"].to_numpy()[part], unit="us", utc=True).tz_convert(
            zones.get(name, "UTC")
        )
        hour[part], weekday[part] = times.hour + times.minute / 60, times.dayofweek
    return {"local_hour": hour, "local_weekday": weekday}
