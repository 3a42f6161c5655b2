"""What a month costs: sums worked by hand, bytes measured on simulated orders, prices that say how sure they are."""

import datetime
import re
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pbm360.cli import app
from pbm360.cloud import quantities as model
from pbm360.cloud.cost import ADVICE, estimate
from pbm360.cloud.prices import PAGE, QUOTED, read_prices
from pbm360.cloud.quantities import Workload
from pbm360.simulate import SimulationParameters, simulate

ROOT = Path(__file__).parents[2]
END = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
MILLION = Workload(events_per_day=1_000_000, viewers=40, history_days=100, snapshot_seconds=60)
DATE_BYTES = 8  # of a date, a timestamp, a whole number
QUIET = Workload(events_per_day=0, viewers=0, snapshot_seconds=3600)


def dollars(workload: Workload) -> dict[str, float]:
    return {line.price.name: line.usd for line in estimate(workload).lines}


@pytest.mark.parametrize(
    ("price", "by_hand"),
    [
        # 435 bytes x 1,000,000 x 30.41667 days, twice = 26.4625 GB = 0.0240673 TiB; less 10 GiB free; $40
        ("pubsub_throughput", (0.0240673 - 0.0097656) * 40),
        # 7 days x 435 MB = 3.045 GB = 2.83588 GiB
        ("pubsub_retention", 2.83588 * 0.27),
        # 11.574 events/s x 7 in the busiest hour = 81 of the 4,000 that one worker takes: 1 worker, 2 vCPU x 730 h
        ("dataflow_streaming_vcpu", 1460 * 0.069),
        ("dataflow_streaming_memory", 8 * 730 * 0.003557),  # n2-standard-2, which the launch asks for
        # 11.574 events/s x 435 bytes are 58 x 0.0000047 units of its engine: one stands for the one worker
        ("dataflow_streaming_engine", 730 * 0.089),
        # 678 bytes x 30.41667 million = 20.62 GB, far below 2 TiB free
        ("bigquery_write_api", 0.0),
        # 90 days: 774 bytes x 90 million = 69.66 GB; nights: 271 x 78,125 orders x (100^2 - 10^2) / 2 = 104.8 GB
        ("bigquery_storage_active", ((69.66e9 + 104.80078e9) / 1024**3 - 10) * 0.02),
        # the 10 days before: 774 x 10 million = 7.74 GB; nights: 271 x 78,125 x 10^2 / 2 = 1.05859 GB
        ("bigquery_storage_long_term", (7.74e9 + 1.05859e9) / 1024**3 * 0.01),
        ("composer_dcu", 9 * 730 * 0.06),
        ("cloud_sql_vcpu", 2 * 730 * 0.0413),
        ("cloud_sql_memory", 7.5 * 730 * 0.007),
        # Voila 4, Streamlit 2, relay 1 = 7 vCPU x 2,628,000 s
        ("cloud_run_vcpu", (7 * 2_628_000 - 240_000) * 0.000018),
        # 2 + 40 x 0.16 rounded up = 9 GiB, Streamlit 4, relay 1
        ("cloud_run_memory", (14 * 2_628_000 - 450_000) * 0.000002),
        ("secret_version", 0.0),
        ("build_minute", 800 * 0.016),
    ],
)
def test_an_item_is_what_a_hand_makes_of_it(price, by_hand):
    assert dollars(MILLION)[price] == pytest.approx(by_hand, rel=1e-3, abs=1e-6)


def test_queries_are_what_a_hand_makes_of_them():
    # silver 19.5 GB, gold 9.6 GB, its orders 2.2 GB, live 0.39 GB. A tick reads 19.5 + 2.2 + 0.39 = 22.09 GB and a
    # fifteenth of 2 x 29.1 GB = 3.88 GB; 43,800 ticks. 30.41667 builds of 43,000 + 4 x 100 bytes x 1,000,000 = 43.4 GB.
    by_hand = (43_800 * (22.09e9 + 3.88e9) + 30.41667 * 43.4e9) / 1024**4
    assert model.query_tebibytes(MILLION) == pytest.approx(by_hand, rel=1e-4)
    found = estimate(MILLION)
    assert found.queries_by == "by slots" and dollars(MILLION)["bigquery_slot"] == pytest.approx(100 * 730 * 0.04)
    assert found.other_queries_usd == pytest.approx((by_hand - 1) * 6.25, rel=1e-4)


def test_services_add_up_and_the_dearest_is_named():
    found = estimate(MILLION)
    assert sum(found.by_service().values()) == pytest.approx(found.usd)
    assert list(found.by_service())[0] == "BigQuery"
    assert "BigQuery dominates" in found.dominated_by() and "queries by slots" in found.dominated_by()
    small = estimate(Workload(events_per_day=1000, viewers=3, snapshot_seconds=60))
    assert small.queries_by == "on demand" and small.dominated_by().startswith("Composer 3 dominates")


def test_what_stands_all_month_costs_without_an_event():
    services = estimate(QUIET).by_service()
    assert services["Pub/Sub"] == 0
    assert services["Composer 3"] > 300 and services["Dataflow"] > 100 and services["Cloud SQL"] > 90


def test_more_events_viewers_and_reads_never_cost_less():
    costs = [
        estimate(Workload(events_per_day=events, viewers=viewers, snapshot_seconds=seconds)).usd
        for events, viewers, seconds in [(0, 0, 3600), (1e4, 0, 3600), (1e4, 10, 60), (1e6, 100, 60), (1e9, 180, 2)]
    ]
    assert costs == sorted(costs) and len(set(costs)) == len(costs)


def test_a_standby_doubles_the_database_and_a_billion_events_ask_for_workers():
    one, two = dollars(MILLION), dollars(Workload(1_000_000, 40, history_days=100, is_database_regional=True))
    assert two["cloud_sql_vcpu"] == 2 * one["cloud_sql_vcpu"] and two["cloud_sql_backup"] == one["cloud_sql_backup"]
    assert model.workers(Workload(1_000_000_000, 40)) == 17  # 81,019 a second in the busiest hour, 5,000 a worker


def test_a_workload_that_is_none_is_refused():
    with pytest.raises(ValueError, match="0 or more"):
        estimate(Workload(events_per_day=-1, viewers=0))
    with pytest.raises(ValueError, match="above 0; got 0"):
        estimate(Workload(events_per_day=1, viewers=0, snapshot_seconds=0))


def test_bytes_are_those_of_simulated_messages():
    simulation = simulate(SimulationParameters(orders=600, days=14, end=END))
    messages = [message for message in simulation.messages() if len(message.payload) < 100_000]  # no megabyte of poison
    attributes = [sum(len(key) + len(value) for key, value in message.attributes.items()) for message in messages]
    body = sum(len(message.payload) for message in messages) / len(messages)
    mean = body + sum(attributes) / len(messages) + 20 + 17
    assert pytest.approx(mean, rel=0.05) == model.MESSAGE_BYTES
    # payload and attributes again, two times, an id, two stamps, a day, a source: what a row of bronze holds
    assert pytest.approx(mean + 45, rel=0.1) == model.BRONZE_BYTES
    assert pytest.approx(len(messages) / 600, rel=0.06) == model.EVENTS_PER_ORDER  # fewer where the history is short
    entities = vars(simulation.entities())
    night = sum(DATE_BYTES + sum(map(bytes_of, row.values())) for rows in entities.values() for row in rows)
    assert pytest.approx(night / len(entities["orders"]), rel=0.05) == model.SNAPSHOT_BYTES


def bytes_of(value) -> int:
    """Return a value's bytes as BigQuery counts them: a text has two more than its letters, a NUMERIC has 16."""
    if isinstance(value, str):
        return len(value.encode()) + 2
    return 0 if value is None else 16 if isinstance(value, Decimal) else DATE_BYTES


def test_workers_are_reckoned_with_less_than_half_of_what_a_core_was_measured_to_take():
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    measured = float(re.search(r"both tables, bulk, sustained \| ([\d,]+) events/s", text)[1].replace(",", ""))
    # on two cores, which take twice as many in one hour as in another
    assert measured / 16 <= model.EVENTS_PER_VCPU <= measured / 4


def test_voila_is_sized_as_terraform_sizes_it():
    text = (ROOT / "deploy" / "terraform" / "cloud_run.tf").read_text()
    assert f"{model.SERVER_GIB:g} + ceil(var.kernel_budget * {model.KERNEL_GIB:g})" in text
    assert 'cpu       = var.kernel_budget > 80 ? "8" : "4"' in text
    assert model.voila_size(80) == (4, 15) and model.voila_size(81) == (8, 15)


def test_every_price_has_a_unit_a_date_a_source_and_says_how_sure_it_is():
    for price in read_prices().values():
        assert price.usd > 0 and price.unit and price.source.startswith("https://cloud.google.com/"), price.name
        assert datetime.date.fromisoformat(price.read_on) <= datetime.date(2026, 11, 29), price.name
        assert price.checked in (PAGE, QUOTED), price.name
    used = {line.price.name for line in estimate(MILLION).lines} | {"bigquery_on_demand"}
    assert used == set(read_prices())
    assert set(ADVICE) <= {price.service for price in read_prices().values()}


def test_the_command_prints_services_what_dominates_and_where_prices_are_from():
    answer = CliRunner().invoke(app, ["cost", "--events-per-day", "1000000", "--viewers", "40"])
    text = " ".join(answer.output.split())
    assert answer.exit_code == 0, answer.output
    for part in ("BigQuery dominates", "Composer 3", "quoted (*)", "https://cloud.google.com/pubsub/pricing"):
        assert part in text
    items = CliRunner().invoke(app, ["cost", "--events-per-day", "100000", "--viewers", "40", "--items"]).output
    assert "vCPU-hour" in items and "why so many" in items
    assert CliRunner().invoke(app, ["cost", "--viewers", "-1"]).exit_code == 2
