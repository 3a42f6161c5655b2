"""Compare what a replay made of a day's messages with what live and silver hold of them."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pbm360.domain.decode import COLUMNS
from pbm360.stream.sinks import EVENT_SCHEMA
from pbm360.warehouse import Warehouse

KEY = ["source", "event_id"]
CELL = ("minute_at", "stage", "pharmacy_id", "carrier")
FIRST_INSTANT = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Difference(NamedTuple):
    """What the replay sees otherwise, `message ID` or `minute START STAGE PHARMACY CARRIER`, and how.

    A message's values are never told.
    """

    of: str
    what: str


class Comparison(NamedTuple):
    """How many rows the replay made, and which of them differ."""

    count: int
    differences: list[Difference]


def compare_events(origin: Warehouse, scratch: Warehouse, day: datetime.date) -> Comparison:
    """Compare the events of the messages known on a day, column by column.

    Every row of live and of silver must be among the replay's. A row of the replay that is in neither must be a copy of
    an event that is: silver holds one message an event. The day is held in Arrow; Python sees the rows that differ.
    """
    replayed = _event_rows(scratch, "live.order_events", day)
    held = pa.concat_tables(
        [_event_rows(origin, "live.order_events", day), _event_rows(origin, "silver.stg_order_events", day)]
    )
    missing = _without(held, replayed)
    same_messages = replayed.filter(pc.is_in(replayed["message_id"], missing["message_id"]))
    differences = _of_messages(missing, same_messages)
    extra = replayed.filter(pc.invert(pc.is_in(replayed["message_id"], held["message_id"])))
    unknown = extra.select(["message_id", *KEY]).join(held.select(KEY), KEY, join_type="left anti")
    differences += _without_event(origin, unknown)
    return Comparison(pc.count_distinct(replayed["message_id"]).as_py(), differences)


def compare_minutes(scratch: Warehouse) -> Comparison:
    """Compare the minutes that a replay counted with the distinct events that it landed, which are bronze's of a day.

    Grain: one row per minute, stage, pharmacy and carrier, of which the last pane stands. `compare_events` holds those
    events against live and silver. The count is that of the rows. Copies of an event more than the horizon of
    `SeenEvents` apart are counted twice by a stream, and told as a difference here.
    """
    counted = _counts(scratch, "replay/counted_minutes.sql", {})
    entered = _counts(scratch, "stream/recent_minutes.sql", {"since": FIRST_INSTANT})
    differing = sorted(cell for cell in counted.keys() | entered.keys() if counted.get(cell) != entered.get(cell))
    differences = [
        Difference(
            " ".join(("minute", f"{minute_at:%Y-%m-%dT%H:%MZ}", *filter(None, place))),
            f"the replay counted {counted.get((minute_at, *place), 0)}, "
            f"its events are {entered.get((minute_at, *place), 0)}",
        )
        for minute_at, *place in differing
    ]
    return Comparison(len(counted), differences)


def compare_refusals(origin: Warehouse, scratch: Warehouse, day: datetime.date) -> Comparison:
    """Compare which of a day's messages are refused, and why, with the dead letters and with silver's refusals."""
    found = scratch.run("replay/dead_letters.sql", {"known_date": day}).to_pylist()
    replayed = {row["message_id"]: (row["reason_code"], row["detail"]) for row in found}
    held = origin.run("replay/refusals.sql", {"known_date": day}).to_pylist()
    differences = []
    for row in held:
        verdict = (row["reason_code"], row["detail"])
        if replayed.get(row["message_id"]) != verdict:
            now = replayed.get(row["message_id"], ("accepted", None))
            differences.append(
                Difference(f"message {row['message_id']}", f"was refused ({verdict[0]}), the replay says {now[0]}")
            )
    known = {row["message_id"] for row in held}
    differences += [
        Difference(f"message {message_id}", f"the replay refuses it ({reason}), nothing did before")
        for message_id, (reason, _) in replayed.items()
        if message_id not in known
    ]
    return Comparison(len(replayed), differences)


def _counts(warehouse: Warehouse, sql: str, parameters: dict) -> dict[tuple, int]:
    rows = warehouse.run(sql, parameters).to_pylist()
    return {tuple(row[name] for name in CELL): row["event_count"] for row in rows}


def _event_rows(warehouse: Warehouse, table: str, day: datetime.date) -> pa.Table:
    following = day + datetime.timedelta(days=1)
    known_that_day = f"known_at >= '{day} 00:00:00+00' and known_at < '{following} 00:00:00+00'"
    return warehouse.read_table(table, COLUMNS, known_that_day).select(COLUMNS).cast(EVENT_SCHEMA)


def _without(rows: pa.Table, others: pa.Table) -> pa.Table:
    """Return the distinct rows that are not among the others. Nulls are equal, as they are in no join."""
    told = [
        table.append_column("is_other", pa.repeat(is_other, table.num_rows))
        for table, is_other in ((rows, False), (others, True))
    ]
    grouped = pa.concat_tables(told).group_by(COLUMNS).aggregate([("is_other", "any")])
    return grouped.filter(pc.invert(grouped["is_other_any"])).select(COLUMNS)


def _of_messages(missing: pa.Table, replayed: pa.Table) -> list[Difference]:
    """Tell of each message whose row the replay lacks what the replay made of it: nothing, or another row."""
    made: dict[str, dict] = {row["message_id"]: row for row in replayed.to_pylist()}
    lacking: dict[str, dict] = {row["message_id"]: row for row in missing.to_pylist()}
    return [
        Difference(
            f"message {message_id}",
            f"differs in {_differing(row, made[message_id])}"
            if message_id in made
            else "live or silver holds its event, the replay refuses it",
        )
        for message_id, row in sorted(lacking.items())
    ]


def _differing(row: dict, other: dict) -> str:
    return ", ".join(name for name in COLUMNS if row[name] != other[name])


def _without_event(origin: Warehouse, unknown: pa.Table) -> list[Difference]:
    """Return those of the replay's further rows, unknown that day, whose event is held on no other day either."""
    if not unknown.num_rows:
        return []
    ids = pc.unique(unknown["event_id"]).sort().to_pylist()
    held = origin.run("replay/held_events.sql", {"event_ids": ids}).select(KEY)
    missing = unknown.join(held, KEY, join_type="left anti")
    what = "the replay accepts it, neither live nor silver holds its event"
    return [Difference(f"message {message_id}", what) for message_id in sorted(set(missing["message_id"].to_pylist()))]
