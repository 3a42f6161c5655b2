"""Read what a viewer's page tells of an order, and hold it against the simulator's ground truth."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import websocket

from pbm360.domain import rules
from pbm360.figures.style import carrier_name, duration_text
from pbm360.warehouse import Warehouse
from pbm360.widgets.page import BEAT_SECONDS
from tests.dashboards.viewers import Viewer, WidgetsOfPage, listen

MILESTONES = {
    "received_at": "referral received",
    "intake_completed_at": "intake completed",
    "benefits_completed_at": "benefits completed",
    "prior_authorization_submitted_at": "pa submitted",
    "clinical_verified_at": "clinical verified",
    "filled_at": "filled",
    "packed_at": "packed",
    "shipped_at": "shipped",
    "delivered_at": "delivered",
}
ENTERED_BY = {"RECEIVED": "received_at", "PA_PENDING": "prior_authorization_submitted_at", "QA": "filled_at"}
ENTERED_BY |= {"SCHEDULING": "clinical_verified_at", "SHIPPED": "shipped_at"}
ROUNDING_HOURS = 0.06
TRUTH = "select * from pbm_truth.orders order by order_id"
NAMES = """
    select pharmacy_id as code, name from pbm_gold.dim_pharmacies where is_latest
    union all
    select drug_ndc, name from pbm_gold.dim_drugs where is_latest
"""
KNOWABLE = "select * from pbm_truth.knowable_orders where not is_phantom"


@dataclass(frozen=True)
class Story:
    """What a drawer shows: facts, moments by what they are (UTC), events (what, when), and when it was read."""

    facts: str
    moments: dict[str, datetime.datetime]
    events: list[tuple[str, datetime.datetime]]
    corrects: bool
    read_at: datetime.datetime


class OrderReader:
    """A viewer who opens orders one after another."""

    def __init__(self, url: str):
        self.pictures = 0
        self.viewer = Viewer.arrive(url)
        self.socket = self.viewer.connect()
        self.page = WidgetsOfPage(self.socket)
        states = self.page.states()
        (self._head,) = [key for key, state in states.items() if "beat_seconds" in state]
        (self._drawer,) = [key for key, state in states.items() if "order_id" in state]
        self._shown = states[self._drawer]  # a page is told what changes
        (self._table,) = [key for key, state in states.items() if state.get("key") == "orders" and "lists" in state]

    def open(self, order_id: str) -> Story:
        """Click an order and wait for its story."""
        self.page.send(self._head, {"kind": "beat"})
        self.page.send(self._table, {"kind": "open", "what": order_id})
        shown = self._shown
        while shown["order_id"] != order_id or not shown["rows"]:
            found, _ = listen(self.socket, "comm_msg")
            if found["content"]["comm_id"] == self._drawer:
                shown |= found["content"]["data"].get("state", {})
        moments = {each["what"]: datetime.datetime.fromisoformat(each["at"]) for each in shown["moments"]}
        events = [(row["what"], datetime.datetime.fromisoformat(row["event_at"])) for row in shown["rows"]]
        corrects = any("corrects" in row["detail"] for row in shown["rows"])
        return Story(shown["facts"], moments, events, corrects, datetime.datetime.now(datetime.UTC))

    def watch(self, stop: threading.Event) -> None:
        """Look at the page until told to stop: a heartbeat as often as a page, everything that comes is read."""
        self.socket.settimeout(0.5)
        beaten_at = 0.0
        while not stop.is_set():
            if time.monotonic() - beaten_at > BEAT_SECONDS:
                self.page.send(self._head, {"kind": "beat"})
                beaten_at = time.monotonic()
            try:
                self.pictures += '"tick"' in self.socket.recv()
            except websocket.WebSocketTimeoutException:
                continue

    def leave(self) -> None:
        """Close the page."""
        self.socket.close()
        self.viewer.forget()


def figures_that_differ(warehouse: Warehouse, stories: dict[str, Story]) -> tuple[int, int, list[str]]:
    """Compare stories with the truth, or where a defect hides some of it, with what the ledger says can be known.

    Returns how many figures were compared, of how many orders a defect hides something, and the figures that differ.
    """
    truth = {row["order_id"]: row for row in warehouse.query(TRUTH).to_pylist()}
    knowable = {row["order_id"]: row for row in warehouse.query(KNOWABLE).to_pylist()}
    names = {row["code"]: row["name"] for row in warehouse.query(NAMES).to_pylist()}
    compared, differing = 0, []
    for order_id, story in stories.items():
        for name, shown, true in _pairs(story, truth[order_id] | knowable.get(order_id, {}), names):
            compared += 1
            if shown != true:
                differing.append(f"{order_id} {name}: {shown} shown, {true} true")
    return compared, len(stories.keys() & knowable.keys()), differing


def _pairs(story: Story, true: dict, names: dict[str, str]) -> Iterator[tuple[str, object, object]]:
    for name, what in MILESTONES.items():
        moments = [moment for kind, moment in story.events if kind == what]
        if not story.corrects:
            yield name, min(moments, default=None), true[name]
    yield "promised_at", story.moments.get("promised"), true["promised_at"]
    if not story.corrects:
        yield "event_count", len(story.events), true["event_count"]
    told, *others = story.facts.split(" · ")
    pharmacy, drug = (names.get(true[key], true[key]) for key in ("pharmacy_id", "drug_ndc"))
    carrier = true["carrier"] and carrier_name(true["carrier"])
    yield "pharmacy, drug and carrier", others, [text for text in (pharmacy, drug, carrier) if text]
    stage, _, age_told = told.rpartition(" for ")  # a stage's name may hold a "for", too
    yield "stage", stage or told, rules.stages()[true["stage"]].label
    entered = true.get(ENTERED_BY.get(true["stage"], ""))
    if entered is not None:
        age = (story.read_at - entered) / datetime.timedelta(hours=1)
        said = age_told.split(" of ")[0]
        near = {duration_text(age - late) for late in (0, 0.01, 0.02, ROUNDING_HOURS)}
        yield "age", said if said not in near else "near", "near"
