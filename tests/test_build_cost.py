"""A day's build accounts for each message, and costs what the day costs: its statements name their partitions."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from pbm360 import medallion, oms
from pbm360.cloud import quantities
from pbm360.cloud.table_schemas import table_schemas
from pbm360.simulate import SimulationParameters, simulate
from tests.benchmarks.native import MADE, NativeMedallion
from tests.messages import at, simulated_row
from tests.sql.pruning import Read, Recording, reads, row_width
from tests.test_medallion import DAY_19, DAY_20, DAY_21, MESSAGES

TABLES = table_schemas()
WORKING = ("staging.", "vault.new_messages", "vault.judged_messages")  # what a build makes for itself: the day's size
DAY_18 = datetime.date(2026, 11, 18)
HISTORY_DAYS, TIMES_LONGER = 100, 10
# Read whole by the daily build, each for a reason; all else must name its partitions.
READ_WHOLE = {
    "silver.order_spans": "an order is touched however old it is: 30 bytes an order lead to its partitions; clustered",
    "live.order_events": "holds what came since the mark, not the history",
    "ops.batch_runs": "one row a run",
    "ops.high_water_mark": "one row a run",
    "gold.dim_patients": "one row a patient and period; replaced whole",
    "gold.dim_drugs": "one row a drug and period; replaced whole",
    "gold.dim_pharmacies": "one row a pharmacy and period; replaced whole",
    "gold.dim_stages": "the domain's data",
    "vault.patient_keys": "one row a patient",
    "vault.erasures": "one row an erasure",
    "ops.rule_codes": "the domain's data",
    "ops.rule_event_types": "the domain's data",
    "ops.rule_holidays": "the domain's data",
    "ops.rule_schemas": "the domain's data",
    "ops.rule_sparse_zip3": "the domain's data",
    "ops.rule_transitions": "the domain's data",
}
GROWS_WITH_THE_HISTORY = {"silver.order_spans": 25, "ops.batch_runs": 2}  # the days that their rows here are of
NOT_DAILY = {  # statements of a build that only a rare day runs
    "staging/recalendared_orders.sql": "a pharmacy's week or zone changes: all of the fact is looked through",
    "staging/late_copies.sql": "the weekly pass has found events that silver holds twice",
}


@pytest.fixture(scope="module")
def simulation():
    return simulate(SimulationParameters(orders=400, days=25, end=at("21 18:00"), seed=360))


@pytest.fixture(scope="module")
def messages(simulation) -> list[dict]:
    """Four weeks of messages, each known by its day, but not before the 18th: two builds see them all."""
    rows = [simulated_row(number, message) for number, message in enumerate(simulation.messages(), 1000)]
    known = {"known_at": at("18 00:00"), "known_date": DAY_18}
    rows = [row | (known if row["known_date"] < DAY_18 else {}) for row in rows]
    return MESSAGES + [row for row in rows if row["known_date"] <= DAY_21]


@pytest.fixture(scope="module")
def built(make_warehouse, simulation, messages) -> Recording:
    """A warehouse of three days; it has kept the statements of the last one's build."""
    warehouse = Recording(make_warehouse().settings)
    warehouse.load_rows("bronze.raw_orders", messages)
    oms.seed(warehouse.settings, **vars(simulation.entities()))
    medallion.build(warehouse, DAY_20)
    warehouse.load_rows("live.order_events", warehouse.read_table("silver.stg_order_events").to_pylist()[:50])
    warehouse.ran.clear()
    medallion.build(warehouse, DAY_21)
    return warehouse


@pytest.fixture(scope="module")
def daily_reads(built) -> list[Read]:
    found = [read for ran in built.ran for read in reads(*ran)]
    return [read for read in found if not read.table.startswith(WORKING)]


def test_the_native_baseline_of_the_benchmark_makes_the_same_tables(built, messages, tmp_path):
    native = NativeMedallion(tmp_path / "native.duckdb", built)
    native.load("bronze.raw_orders", pa.Table.from_pylist(messages))
    native.build(DAY_18, DAY_21)
    assert native.unequal_rows(built) == dict.fromkeys(MADE, 0)
    native.build(DAY_18, DAY_21)  # finds nothing new
    assert native.unequal_rows(built) == dict.fromkeys(MADE, 0)
    native.close()


def test_every_message_ends_in_exactly_one_of_accepted_duplicate_of_an_event_and_rejected(built):
    received = built.read_table("bronze.raw_orders", ["message_id"])["message_id"].to_pylist()
    events = built.read_table("silver.stg_order_events", ["message_id", "source", "event_id"]).to_pylist()
    refused = built.read_table("silver.rejected_events").to_pylist()
    verdicts = [row["message_id"] for row in (*events, *refused)]
    assert len(verdicts) == len(set(verdicts)) and set(verdicts) == set(received)
    standing = {f"{event['source']}/{event['event_id']}" for event in events}
    duplicates = {row["detail"] for row in refused if row["reason_code"] == "duplicate"}
    assert duplicates and duplicates <= standing
    assert {row["reason_code"] for row in refused} > {"duplicate"}


def test_every_read_of_a_days_build_names_its_partitions_or_has_a_reason(daily_reads):
    unpruned = {read.table for read in daily_reads if not (partition_of(read) and read.predicates(partition_of(read)))}
    assert {read.table for read in daily_reads} > {"bronze.raw_orders", "silver.stg_order_events"}
    assert unpruned - READ_WHOLE.keys() == set()
    assert READ_WHOLE.keys() - unpruned == {"vault.erasures"} - unpruned  # no reason is left that nothing needs


def test_a_read_without_a_partition_of_constants_is_found():
    whole = "select order_id from pbm_silver.stg_order_events where event_date in (select max(event_date) from x)"
    pruned = "delete from pbm_silver.stg_order_events where event_date in unnest(@days) and order_id = 'A1'"
    assert [read.predicates("event_date") for read in reads("", whole, {})] == [[]]
    [read] = reads("", pruned, {"days": ("DATE", [DAY_19, DAY_21])})
    assert read.is_change
    assert read.days("event_date", [DAY_19, DAY_20, DAY_21]) == 2


def test_every_statement_that_reads_whole_tables_of_the_history_is_named(built):
    """The files that the recorded day did not run are few, and named."""
    ran = {sql_file for sql_file, _, _ in built.ran}
    assert not ran & NOT_DAILY.keys()


def test_bytes_read_grow_with_the_day_and_not_with_the_history(built, daily_reads):
    rows = {table: built.read_table(table) for table in {read.table for read in daily_reads} & TABLES.keys()}
    short, long = (bytes_read(daily_reads, rows, days) for days in (HISTORY_DAYS, HISTORY_DAYS * TIMES_LONGER))
    assert {table for table in short if long[table] > short[table]} <= GROWS_WITH_THE_HISTORY.keys()
    assert sum(long.values()) <= 1.2 * sum(short.values())
    # what `pbm360 cost` reckons with
    events = rows["silver.stg_order_events"]
    events_a_day = events.num_rows / len(set(events["event_date"].to_pylist()))
    more = (sum(long.values()) - sum(short.values())) / (HISTORY_DAYS * (TIMES_LONGER - 1))
    assert more / events_a_day == pytest.approx(quantities.SPAN_BYTES, rel=0.3)
    assert sum(short.values()) / events_a_day == pytest.approx(quantities.BUILD_BYTES, rel=0.3)


def partition_of(read: Read) -> str | None:
    return TABLES[read.table]["partition"] if read.table in TABLES else None


def bytes_read(daily_reads: list[Read], rows: dict[str, pa.Table], history_days: int) -> dict[str, float]:
    """Return bytes by table, had every day of a history the rows that the built days have on average."""
    calendar = [DAY_21 - datetime.timedelta(days=number) for number in range(history_days)]
    found = dict.fromkeys(rows, 0.0)
    for read in daily_reads:
        if read.table in rows:
            width = row_width(rows[read.table], TABLES[read.table]["columns"])
            row_count = rows_read(read, rows[read.table], calendar)
            found[read.table] += row_count * sum(width[column] for column in read.columns(width))
    return found


def rows_read(read: Read, rows: pa.Table, calendar: list[datetime.date]) -> float:
    """Return how many rows a read meets: in the partitions that it names, or in all of a table."""
    partition = partition_of(read)
    if partition and read.predicates(partition):
        day_count = len(set(rows[partition].to_pylist())) or 1
        return rows.num_rows / day_count * read.days(partition, calendar)
    if read.table in GROWS_WITH_THE_HISTORY:
        return rows.num_rows / GROWS_WITH_THE_HISTORY[read.table] * len(calendar)
    return rows.num_rows
