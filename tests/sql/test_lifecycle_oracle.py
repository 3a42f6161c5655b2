"""The SQL gives every order the row that the oracle in plain Python gives it, for events at random."""

import datetime
import itertools

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pbm360 import medallion, partitions, staging
from pbm360.domain import rules
from pbm360.domain.lifecycle import distinct_events, effective_events, order_rows, split_reused

START = datetime.datetime(2026, 11, 1, 4, 30, tzinfo=datetime.UTC)  # an hour and a half before a clock goes back
ORDERS = [f"order-{number:02}" for number in range(24)]
SOURCES = ("oms", "wms", "carrier")
EVENT_IDS = [f"e{number}" for number in range(60)]
MINUTES = st.one_of(st.sampled_from([0, 15, 45, 60, 1170, 1171, 1440]), st.integers(0, 30 * 24 * 60))
MAYBE = st.none()
ROUNDS = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # an example costs statements: orders that differ are named, not shrunk
    suppress_health_check=list(HealthCheck),
)


@st.composite
def events(draw) -> dict:
    """Draw one row of silver; few sources, ids and instants, so that copies, ties and corrections meet."""
    event_type = draw(st.sampled_from([*sorted(rules.event_types()), *["referral_received"] * 6]))
    decision = draw(st.sampled_from([None, "approved", "denied"]))
    kind = rules.event_types()[event_type]
    stage = (kind.stage_when_denied if decision == "denied" else None) or kind.stage
    event_at = START + datetime.timedelta(minutes=draw(MINUTES), microseconds=draw(st.sampled_from([0, 0, 1, 999_999])))
    return {
        "event_id": draw(st.sampled_from(EVENT_IDS)),
        "source": draw(st.sampled_from(SOURCES)),
        "event_type": event_type,
        "event_at": event_at,
        "event_date": event_at.date(),
        "order_id": draw(st.sampled_from(ORDERS)),
        "stage": stage,
        "stage_order": rules.stages()[stage].stage_order if stage else None,
        "decision": decision,
        "publish_time": START,
        "ingested_at": START,
        "known_at": START + datetime.timedelta(minutes=draw(st.integers(0, 3))),
        "schema_version": 1,
        "patient_key": draw(st.sampled_from([None, "k1", "k2", "k3"])),
        "pharmacy_id": draw(st.sampled_from([None, "PH1", "PH2"])),
        "drug_ndc": draw(st.sampled_from([None, "00000000001", "00000000002"])),
        "carrier": draw(st.sampled_from([None, "ups", "fedex"])),
        "priority": draw(st.sampled_from([None, "routine", "urgent"])),
        "is_reship": draw(st.sampled_from([None, True, False])),
        "previous_order_id": draw(st.sampled_from([None, "old-1", "old-2"])),
        "days_supply": draw(st.sampled_from([None, 28, 30])),
        "fill_number": draw(st.sampled_from([None, 1, 2])),
        "promised_at": draw(st.sampled_from([None, event_at, START + datetime.timedelta(hours=45)])),
        "reason": draw(st.sampled_from([None, "cost", "patient", "clinical"])),
        "items_expected": draw(st.sampled_from([None, 1, 2])),
        "items_packed": draw(st.sampled_from([None, 1, 2])),
        "is_documents_complete": draw(st.sampled_from([None, True, False])),
        "condition": draw(st.sampled_from([None, "intact", "damaged"])),
        "pack_type": draw(st.sampled_from([None, None, "ambient", "cold"])),
        "temperature_class": draw(st.sampled_from([None, None, "ambient", "frozen"])),
        "minutes_outside": draw(st.sampled_from([None, 10, 21])),
        "corrects_id": draw(st.one_of(MAYBE, MAYBE, st.sampled_from(EVENT_IDS))),
        "correction_reason": draw(st.sampled_from([None, None, "did_not_occur", "incorrect_data"])),
    }


SETS = st.lists(events(), min_size=60, max_size=90).map(
    lambda found: [event | {"message_id": f"m{number:03}"} for number, event in enumerate(found)]
)


@pytest.fixture(scope="module")
def staged(make_warehouse):
    """A warehouse that has the staging tables of a build of nothing."""
    warehouse = make_warehouse()
    run = medallion.BatchRun("none", START.date(), START)
    staging.judge_messages(warehouse, run.window)
    staging.stage_events(warehouse, run.run_date)
    for name in medallion.DIMENSIONS:
        warehouse.run(f"staging/{name}.sql", {"since_date": run.run_date})
    return warehouse


def by_order(rows: list[dict]) -> dict[str, dict]:
    """Return the rows by order, without what needs the pharmacies' calendars."""
    return {
        row["order_id"]: {name: value for name, value in row.items() if name != "turnaround_business_days"}
        for row in rows
    }


def visit_rows(found: list[dict]) -> list[dict]:
    """Work the visits out in plain Python: runs of one stage among the events that count, in their total order."""
    rows = []
    for reported_id in ORDERS:
        own = effective_events(event for event in distinct_events(found) if event["order_id"] == reported_id)
        for order_id, order in split_reused(reported_id, own).items():
            runs = [list(run) for _, run in itertools.groupby([e for e in order if e["stage"]], lambda e: e["stage"])]
            entries = [(run[0]["stage"], run[0]["event_at"]) for run in runs]
            rows += [
                visit_row(order_id, entries, place) | {"reported_order_id": reported_id} for place in range(len(runs))
            ]
    return sorted(rows, key=lambda row: (row["order_id"], row["visit_number"]))


def visit_row(order_id: str, entries: list[tuple], place: int) -> dict:
    """Return the visit at a place among an order's (stage, entered_at)."""
    stage, entered_at = entries[place]
    before = entries[place - 1][0] if place else None
    after, left_at = entries[place + 1] if place + 1 < len(entries) else (None, None)
    visited = [name for name, _ in entries]
    wait_hours = None if left_at is None else (left_at - entered_at) / datetime.timedelta(hours=1)
    rule = rules.stages()[stage]
    is_forward = after is not None and rules.stages()[after].stage_order > rule.stage_order
    return {
        "order_id": order_id,
        "visit_number": place + 1,
        "stage": stage,
        "previous_stage": before,
        "next_stage": after,
        "entered_at": entered_at,
        "entered_date": entered_at.date(),
        "left_at": left_at,
        "wait_hours": wait_hours,
        "is_breached": None if None in (wait_hours, rule.sla_hours) else wait_hours > rule.sla_hours,
        "stage_visit_number": visited[: place + 1].count(stage),
        "is_first_pass": None if left_at is None else is_forward and visited.count(stage) == 1,
        "is_allowed": before is None or (before, stage) in rules.allowed_transitions(),
    }


@ROUNDS
@given(found=SETS)
def test_orders_of_distinct_events_have_the_rows_of_the_oracle(staged, found):
    distinct = distinct_events(found)
    staged.load_rows("silver.stg_order_events", distinct, replace=True)
    staged.load_rows("staging.touched_orders", [{"order_id": name} for name in ORDERS], replace=True)
    order_dates = partitions.dates(event["event_date"] for event in distinct)
    staged.run("staging/fact_order_lifecycle.sql", {"order_dates": order_dates})
    rows = staged.read_table("staging.fact_order_lifecycle").to_pylist()
    assert by_order(rows) == by_order(order_rows(distinct))
    assert len(rows) == len(by_order(rows))
    staged.run("staging/fact_stage_visits.sql", {"order_dates": order_dates})
    visits = staged.read_table("staging.fact_stage_visits").to_pylist()
    assert sorted(visits, key=lambda row: (row["order_id"], row["visit_number"])) == visit_rows(distinct)


@ROUNDS
@given(found=SETS)
def test_served_orders_of_live_events_and_their_copies_have_the_rows_of_the_oracle(warehouse, found):
    warehouse.load_rows("live.order_events", found, replace=True)
    served = warehouse.query("select * from pbm_serving.order_lifecycle").to_pylist()
    assert by_order(served) == by_order(order_rows(found))
    assert len(served) == len(by_order(served))


def test_no_events_are_no_rows_and_no_visits(staged):
    staged.load_arrow("staging.touched_orders", pa.table({"order_id": pa.array([], pa.string())}), replace=True)
    for name in ("fact_order_lifecycle", "fact_stage_visits"):
        staged.run(f"staging/{name}.sql", {"order_dates": partitions.dates([])})
        assert staged.read_table(f"staging.{name}").num_rows == 0
