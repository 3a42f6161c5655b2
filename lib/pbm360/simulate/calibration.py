"""Hold what happens in a simulated world against what others measured: each sourced rate and duration."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from importlib import resources

import pandas as pd

from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.places import Place
from pbm360.simulate.world import Order

COLUMNS = ["figure", "group", "label", "source", "sourced_least", "sourced_most", "simulated", "error", "order_count"]
DECISIONS = ("pa_approved", "pa_denied")
INTERVENTIONS = ("info_requested", "pa_submitted", "claim_rejected", "qa_failed")
STANDARD_ERRORS = 4.0  # so far a simulated figure may lie from its source by chance
Sample = tuple[float, float, int]  # the figure, its standard error, of how many


def sourced_figures() -> list[dict[str, str]]:
    """Return the sourced figures, from the data file beside this module; an empty bound is none."""
    file = resources.files("pbm360.simulate") / "data" / "sourced.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def compare_with_sources(orders: Iterable[Order], places: dict[str, Place]) -> pd.DataFrame:
    """Return a row per sourced figure with what the orders' whole lives show of it, and whether they agree.

    Columns: figure, group (share, days, rare), label, source, sourced_least, sourced_most (null: unbounded), simulated,
    error (standard error), order_count, is_close (within the bounds, give or take four standard errors).
    """
    lives = [Life(order, places[order.pharmacy.pharmacy_id]) for order in orders]
    rows = []
    for row in sourced_figures():
        simulated, error, count = MEASURES[row["figure"]](lives)
        least, most = (float(row[name]) if row[name] else math.inf for name in ("least", "most"))
        rows.append((row["figure"], row["group"], row["label"], row["source"], least, most, simulated, error, count))
    table = pd.DataFrame(rows, columns=COLUMNS)
    margin = STANDARD_ERRORS * table["error"]
    is_close = (table["simulated"] + margin >= table["sourced_least"]) & (
        table["simulated"] - margin <= table["sourced_most"]
    )
    return table.assign(is_close=is_close)


class Life:
    """What happened to an order, looked up by event type; times in microseconds since 1970-01-01 UTC."""

    def __init__(self, order: Order, place: Place):
        self.order = order
        self.place = place
        self.first = {step.event_type: step for step in reversed(order.steps)}

    def has(self, *event_types: str) -> bool:
        """Tell whether any of these happened."""
        return any(event_type in self.first for event_type in event_types)

    def at(self, *event_types: str) -> int:
        """Return when the first of these happened."""
        return min(self.first[name].event_at for name in event_types if name in self.first)

    def days(self, begin: str, *ends: str) -> float:
        """Return the days from one event to the first of others."""
        return (self.at(*ends) - self.at(begin)) / DAY

    @property
    def price(self) -> float:
        """What the patient would pay, after assistance, US dollars."""
        name = "copay_assistance_applied" if self.has("copay_assistance_applied") else "benefits_completed"
        return float(self.first[name].data["patient_pay"])


def share(found: Iterable[bool]) -> Sample:
    """Return a share with its standard error."""
    values = list(found)
    rate = sum(values) / len(values) if values else math.nan
    smoothed = (sum(values) + 1) / (len(values) + 2)
    return rate, math.sqrt(smoothed * (1 - smoothed) / (len(values) + 2)), len(values)


def median(values: Sequence[float]) -> Sample:
    """Return a median with about its standard error."""
    spread = statistics.stdev(values) if len(values) > 1 else math.nan
    return statistics.median(values) if values else math.nan, 1.25 * spread / math.sqrt(len(values) or 1), len(values)


def mean(values: Sequence[float]) -> Sample:
    """Return a mean with its standard error."""
    spread = statistics.stdev(values) if len(values) > 1 else math.nan
    return statistics.fmean(values) if values else math.nan, spread / math.sqrt(len(values) or 1), len(values)


def abandoned(lives: Sequence[Life], least: float, most: float) -> Sample:
    """Return the share of priced first fills that were given up for their cost."""
    priced = [life for life in lives if life.has("benefits_completed") and least <= life.price < most]
    return share(life.has("order_cancelled") and is_given_up(life) for life in priced)


def is_given_up(life: Life) -> bool:
    """Tell whether a cancelled order was given up for its cost."""
    return life.first["order_cancelled"].data["reason"] == "cost"


def on_time(lives: Sequence[Life], carrier: str) -> Sample:
    """Return the share of a carrier's parcels that are first at the door by the promise."""
    tried = [life for life in lives if life.has("delivered") and life.first["shipped"].data["carrier"] == carrier]
    return share(life.at("attempt_failed", "delivered") <= life.first["label_created"].promised_at for life in tried)


def out_in_three_days(lives: Sequence[Life]) -> Sample:
    """Return the share of clean orders shipped within three business days, without the waits for the patient."""
    agreed = [life for life in lives if life.has("patient_scheduled") and life.has("shipped")]
    return share(business_days_at_work(life) <= 3 for life in agreed if not life.has(*INTERVENTIONS))


def business_days_at_work(life: Life) -> int:
    """Return the business days of the pharmacy from referral to ship-confirm, without the waits for the patient's word.

    The day on which something comes in is not counted, as contracts have it.
    """
    spans = [("patient_scheduled", "shipped")]
    if life.has("benefits_completed"):  # then the patient thinks about the price
        spans += [("referral_received", "benefits_completed"), ("claim_submitted", "clinical_verified")]
    else:
        spans += [("referral_received", "clinical_verified")]
    day = life.place.hours.opening_index
    return sum(day(life.at(end)) - day(life.at(begin)) for begin, end in spans)


def calls(lives: Sequence[Life]) -> list[dict]:
    """Return the calls' data."""
    return [step.data for life in lives for step in life.order.steps if step.event_type == "call"]


def net_promoters(lives: Sequence[Life]) -> Sample:
    """Return the share of 9 and 10 minus that of 0 to 6."""
    scores = [step.data["nps"] for life in lives for step in life.order.steps if step.event_type == "survey"]
    return mean([(score >= 9) - (score <= 6) for score in scores])


def authorization_days(lives: Sequence[Life], priority: str) -> Sample:
    """Return how long the insurers take to decide."""
    decided = [life for life in examined(lives, *DECISIONS) if life.order.priority == priority]
    return median([life.days("pa_submitted", *DECISIONS) for life in decided])


def new_patients(lives: Sequence[Life], end: str) -> list[float]:
    """Return the days from the referral of new patients' orders to an event, where it happened."""
    return [life.days("referral_received", end) for life in lives if life.order.kind == "first_fill" and life.has(end)]


def examined(lives: Sequence[Life], *event_types: str) -> list[Life]:
    """Return the orders in which any of the events happened."""
    return [life for life in lives if life.has(*event_types)]


MEASURES: dict[str, Callable[[Sequence[Life]], Sample]] = {
    "pa_needed": lambda lives: share(life.has("pa_submitted") for life in examined(lives, "benefits_started")),
    "pa_first_pass": lambda lives: share(life.has("pa_approved") for life in examined(lives, *DECISIONS)),
    "appeals_overturned": lambda lives: share(
        life.first["appeal_decided"].data["decision"] == "approved" for life in examined(lives, "appeal_decided")
    ),
    "abandoned_under_30": lambda lives: abandoned(lives, 0, 30),
    "abandoned_over_250": lambda lives: abandoned(lives, 250.01, math.inf),
    "ups_on_time": lambda lives: on_time(lives, "ups"),
    "fedex_on_time": lambda lives: on_time(lives, "fedex"),
    "usps_on_time": lambda lives: on_time(lives, "usps"),
    "clean_in_three_days": out_in_three_days,
    "calls_abandoned": lambda lives: share(data["abandoned"] for data in calls(lives)),
    "calls_in_30_seconds": lambda lives: share(data["wait"] <= 30 for data in calls(lives) if not data["abandoned"]),
    "net_promoters": net_promoters,
    "four_days_to_fill": lambda lives: median(new_patients(lives, "filled")),
    "new_patient_days": lambda lives: mean(new_patients(lives, "delivered")),
    "authorization_days": lambda lives: authorization_days(lives, "routine"),
    "urgent_authorization_days": lambda lives: authorization_days(lives, "urgent"),
    "distribution_errors": lambda lives: share(
        life.first["packed"].data["items_packed"] < life.first["packed"].data["items_expected"]
        for life in examined(lives, "packed")
    ),
    "dispensing_errors": lambda lives: share(
        life.has("complaint") and life.first["complaint"].data["reason"] == "wrong_item"
        for life in examined(lives, "delivered")
    ),
}
