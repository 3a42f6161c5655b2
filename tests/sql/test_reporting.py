"""Reports show no cell of 1 to 10, and nothing that would give one away."""

import datetime
import itertools
import random

import pytest

from pbm360.warehouse import definition, table_files
from tests.fact_rows import fact_row

MONDAY = datetime.date(2026, 11, 2)
NOON = datetime.datetime(2026, 11, 2, 12, tzinfo=datetime.UTC)
KINDS = ("call", "complaint")
REASONS = ("late", "damaged", "billing", "no answer", "other")
CARRIERS = ("ups", "fedex", "usps")
HAND_MADE = {  # contacts by reason, and which of them are shown: the small one, and the next smallest with it
    0: ({"late": 40, "damaged": 3, "billing": 12, "other": 25}, {"late", "other"}),
    1: ({"late": 40, "damaged": 3, "billing": 10, "other": 25}, {"late", "other"}),
    2: ({"late": 40, "damaged": 11, "billing": 12}, {"late", "damaged", "billing"}),
    3: ({"late": 7}, set()),
}


def contact(number, kind, reason, day):
    return {
        "event_id": f"c{number}",
        "source": "crm",
        "order_id": f"A{number}",
        "reported_order_id": f"A{number}",
        "feedback_type": kind,
        "occurred_at": datetime.datetime.combine(day, datetime.time(9), datetime.UTC),
        "occurred_date": day,
        "reason": reason,
        "order_status": "open",
        "is_after_delivery": False,
    }


@pytest.fixture(scope="module")
def counts():
    """Contacts by (week, kind, reason): weeks by hand, and weeks by chance."""
    chance = random.Random(7)
    found = {
        (MONDAY + datetime.timedelta(weeks=week), "call", reason): count
        for week, (reasons, _) in HAND_MADE.items()
        for reason, count in reasons.items()
    }
    for week, kind in itertools.product(range(10, 40), KINDS):
        for reason in chance.sample(REASONS, chance.randint(1, 5)):
            monday = MONDAY - datetime.timedelta(weeks=week)
            found[monday, kind, reason] = chance.choice((1, 4, 10, 11, 12, 15, 30))
    return found


@pytest.fixture(scope="module")
def reports(make_warehouse, counts):
    warehouse, number = make_warehouse(), itertools.count()
    rows = [
        contact(next(number), kind, reason, monday + datetime.timedelta(days=each % 7))
        for (monday, kind, reason), count in counts.items()
        for each in range(count)
    ]
    warehouse.load_rows("gold.fact_patient_feedback", rows)
    numbers = zip(CARRIERS, ((30, 20), (14, 12), (12, 4)), strict=True)
    orders = [
        fact_row(
            f"{carrier}-{each}",
            "DELIVERED",
            NOON,
            2,
            carrier=carrier,
            is_on_time=each < kept,
            delivery_hours=float(each),
            delivered_at_hours_ago=1,
        )
        for carrier, (count, kept) in numbers
        for each in range(count)
    ]
    warehouse.load_rows("gold.fact_order_lifecycle", orders)
    return warehouse


def test_the_small_cell_goes_and_the_next_smallest_with_it(reports, counts):
    rows = reports.query("select * from pbm_reporting.contacts where week_date >= '2026-11-02'").to_pylist()
    for week, (reasons, shown) in HAND_MADE.items():
        of_week = {row["reason"]: row for row in rows if row["week_date"] == MONDAY + datetime.timedelta(weeks=week)}
        assert {reason for reason, row in of_week.items() if row["contact_count"] is not None} == shown
        assert {reason: of_week[reason]["contact_count"] for reason in shown} == {name: reasons[name] for name in shown}


def test_no_week_shows_a_small_cell_or_leaves_one_to_be_subtracted(reports, counts):
    rows = reports.query("select * from pbm_reporting.contacts").to_pylist()
    assert len(rows) == len(counts)
    for _, block in itertools.groupby(
        sorted(rows, key=lambda row: (row["week_date"], row["contact_kind"])),
        key=lambda row: (row["week_date"], row["contact_kind"]),
    ):
        cells = list(block)
        hidden = [row for row in cells if row["is_suppressed"]]
        assert all(row["contact_count"] > 10 for row in cells if not row["is_suppressed"])
        assert len(hidden) != 1 or len(cells) == 1
        small = [row for row in cells if counts[row["week_date"], row["contact_kind"], row["reason"]] <= 10]
        assert len(hidden) <= max(len(small), 2 if small else 0)  # no more than is needed


def test_a_share_is_hidden_where_its_parts_are_small(reports):
    rows = reports.query("select * from pbm_reporting.carrier_weeks").to_pylist()
    shown = {row["carrier"]: (row["promised_count"], row["on_time_count"], row["on_time_share"]) for row in rows}
    # of 30, 20 and 10 kept and not: the 10 are small; of 14 the 2 are; of 12 both 4 and 8 are
    assert shown == {"ups": (30, None, None), "fedex": (14, None, None), "usps": (12, None, None)}


def test_the_days_of_reports_run_from_the_first_order_to_the_mark(reports):
    assert reports.query("select * from pbm_reporting.dates").num_rows == 0  # no batch yet
    run = {"run_id": "r1", "run_date": datetime.date(2026, 11, 8), "status": "published"}
    times = dict.fromkeys(("started_at", "cut_at", "finished_at"), NOON)
    reports.load_rows("ops.batch_runs", [run | times])
    days = reports.query("select * from pbm_reporting.dates order by report_date").to_pylist()
    assert [str(day["report_date"]) for day in (days[0], days[-1])] == ["2026-11-02", "2026-11-08"]
    assert [day["weekday_name"] for day in days][:2] == ["Monday", "Tuesday"]
    assert {(day["iso_week"], day["is_whole_week"]) for day in days} == {("2026-W45", True)}


@pytest.mark.parametrize("name", [name for name in table_files() if name.startswith("reporting/")])
def test_every_column_of_a_report_is_described(reports, name):
    table = reports.client.get_table(
        reports.table_id(f"reporting.{name.removeprefix('reporting/').removesuffix('.sql')}")
    )
    assert table.description
    assert [field.name for field in table.schema if not field.description] == []
    assert "create or replace view" in definition(name)
