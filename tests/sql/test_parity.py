"""Every statement gives the same rows on the local engine and in Google's reference evaluator."""

import datetime
import itertools
import re

import pytest

from pbm360 import checks, medallion, partitions
from pbm360.domain.privacy import pseudonym
from pbm360.erasure import word_pattern
from pbm360.warehouse import STAGED_TABLES, read_sql, statements
from tests.conftest import TEST_KEY
from tests.sql import scenario
from tests.sql.broken_rows import BROKEN, BROKEN_DAY, MILESTONES, TEXTS, TRUTH
from tests.sql.catalog import created, sql_files, without_comments
from tests.sql.googlesql import GoogleSqlError
from tests.sql.lacking import LACKING, NOT_WRITTEN
from tests.sql.parity import Engines, unequal
from tests.sql.scenario import CUTS, DAYS, instant

STAGING_STEPS = (
    *STAGED_TABLES,
    "new_messages",
    "judged_messages",
    "superseded_messages",
    "touched_orders",
    "recalendared_orders",
    "published_copies",
    "displaced_events",
    "published_spans",
    "order_spans",
)
MOMENTS = ["16 00:00", "18 00:00", "19 11:59:59.999999", "19 12:00", "20 08:00", "21 11:59", "22 00:00"]
SPAN = {"first_date": DAYS[0], "last_date": DAYS[-1]}
RUN = {"run_id": "run-2026-11-21", "run_date": DAYS[-1]}
QUERIES = {
    "build/gate.sql": {**RUN, "check_files": ["stg_order_events", "fact_order_lifecycle", "of_no_table"]},
    "build/last_run.sql": {"run_date": DAYS[1]},
    "build/ledger.sql": SPAN,
    "build/newest_run.sql": {},
    "build/run_counts.sql": RUN,
    "build/events_held_twice.sql": {},
    "build/high_water_date.sql": {},
    "build/last_snapshot.sql": {"run_date": DAYS[-1]},
    "build/live_dates.sql": {},
    "build/restated_days.sql": {"first_date": DAYS[0], "last_date": DAYS[0]},
    "build/silver_dates.sql": {"first_date": DAYS[0], "last_date": DAYS[0]},
    "build/snapshot_counts.sql": {"snapshot_date": DAYS[1]},
    "build/stragglers.sql": {"last_date": DAYS[-1]},
    "build/unpublished_days.sql": {"before": DAYS[-1]},
    "dashboards/alerts.sql": {},
    "dashboards/risk.sql": {},
    "dashboards/carrier_weeks.sql": {"now": instant("28 12:00"), "week_count": 2},
    "dashboards/contact_weeks.sql": {},
    "dashboards/feeds.sql": {"now": instant("21 12:00:30")},
    "dashboards/freshness.sql": {"now": instant("21 12:00:30")},
    "dashboards/moment.sql": {"moment": instant("20 08:00"), "at_risk_share": 0.8},
    "dashboards/order_events.sql": {"order_id": "tied"},
    "dashboards/orders.sql": {"now": instant("21 12:00"), "history_days": 1, "at_risk_share": 0.8},
    "dashboards/remaining.sql": {"since": instant("16 00:00"), "now": instant("21 12:00")},
    "dashboards/reporting_mark.sql": {},
    "dashboards/satisfaction_weeks.sql": {},
    "dashboards/stage_flow.sql": {"now": instant("21 12:00")},
    "dashboards/stages.sql": {},
    "dashboards/supplies.sql": {},
    "dashboards/usual_hours.sql": {"now": instant("22 12:00")},
    "dashboards/warning_weeks.sql": {},
    "dead_letters/list.sql": {"first_date": DAYS[0]},
    "dead_letters/raw_messages.sql": {**SPAN, "message_ids": ["m1", "refused-1", "replay-1"]},
    "feeds/import_ledger.sql": {**SPAN, "import_id": "import-1"},
    "notebooks/before_and_after.sql": {},
    "notebooks/broken_gate.sql": {},
    "notebooks/broken_message.sql": SPAN,
    "notebooks/coverage.sql": {},
    "notebooks/hindsight.sql": {"moment": instant("19 11:00")},
    "notebooks/imported_orders.sql": {"order_prefix": "tied"},
    "notebooks/known_before_it_happened.sql": {"tolerance_seconds": 600},
    "notebooks/known_delay.sql": {"known_date": DAYS[0]},
    "notebooks/landed.sql": {"last_date": DAYS[1]},
    "notebooks/ledger_by_day.sql": {},
    "notebooks/missing_milestones.sql": {},
    "notebooks/new_message_count.sql": {},
    "notebooks/older_than.sql": {"known_date": DAYS[0], "window_days": 2},
    "notebooks/on_time_share.sql": {"earlier_hours": 4},
    "notebooks/one_message.sql": {"known_date": DAYS[0]},
    "notebooks/one_order.sql": {},
    "notebooks/one_served_order.sql": {},
    "notebooks/one_survey.sql": {},
    "notebooks/open_orders_as_of.sql": {"as_of": instant("20 12:00")},
    "notebooks/orders_by_stage.sql": {},
    "notebooks/received_by_source.sql": {"known_date": DAYS[1]},
    "notebooks/satisfaction.sql": {"cohort": "lateness", "minimum_count": 2},
    "notebooks/serving_against_gold.sql": {},
    "notebooks/stage_flow.sql": {"now": instant("21 12:00"), "window_days": 1},
    "notebooks/staged_refusals.sql": {},
    "notebooks/staged_verdicts.sql": {},
    "notebooks/trust.sql": {},
    "notebooks/turnaround.sql": {},
    "notebooks/visits.sql": {"since": instant("19 00:00")},
    "alerts/alerts.sql": {"since": instant("16 00:00")},
    "alerts/health.sql": {"now": instant("21 12:00")},
    "risk/features_as_of.sql": {"as_of": instant("20 08:00")},
    "risk/features_at_instants.sql": {
        "instants": [instant("18 00:00"), instant("20 08:00"), instant("22 00:00")],
        "as_of": instant("22 00:00"),
    },
    "risk/features_now.sql": {"now": instant("21 12:00")},
    "risk/newest_calibration.sql": {"model_version": "survival-1"},
    "risk/newest_samples.sql": {},
    "risk/outcomes.sql": {"as_of": instant("20 08:00"), "since": instant("16 00:00")},
    "risk/past_forecasts.sql": {"first_date": DAYS[0], "now": instant("21 12:00")},
    "risk/pharmacies.sql": {},
    "risk/recorded_dates.sql": {"first_date": DAYS[0]},
    "risk/told_events.sql": {"as_of": instant("20 08:00")},
    "risk/unusual_orders.sql": {"as_of": instant("22 00:00")},
    "replay/counted_minutes.sql": {},
    "replay/dead_letters.sql": {"known_date": DAYS[0]},
    "replay/held_events.sql": {"event_ids": ["whole-0", "tied-1", "of-nobody"]},
    "replay/refusals.sql": {"known_date": DAYS[0]},
    "rotation/patients.sql": {},
    "runs/run_checks.sql": {"run_id": "run-2026-11-21"},
    "runs/stream_beat.sql": {"now": instant("21 12:00:30")},
    "time_machine/orders.sql": {"as_of": instant("20 08:00")},
    "time_machine/visible_later.sql": {"as_of": instant("20 08:00"), "visible_at": instant("19 11:59")},
    "what_if/orders.sql": {"as_of": instant("21 12:00"), "without_carriers": ["ups"]},
    "what_if/stages.sql": {
        "as_of": instant("21 12:00"),
        "changed_stages": ["SHIPPED", "PACK"],
        "changed_hours": [0.5, 2.0],
        "without_carriers": ["ups", "fedex"],
    },
    "staging/changed_pharmacies.sql": {},
    "staging/replaced_dates.sql": {},
    "staging/judged_dates.sql": {},
    "staging/touched_spans.sql": {},
    "smoke/landed.sql": {"payload": b"not json", "first_date": DAYS[0]},
    "stream/left_unfinished.sql": {"first_date": DAYS[0], "in_flight_minutes": 60},
    "stream/recent_entries.sql": {"since": instant("19 12:00"), "until": instant("20 09:00")},
    "stream/recent_keys.sql": {"since": instant("19 12:00"), "key_count": 25},
    "stream/recent_minutes.sql": {"since": instant("19 10:00")},
}


def load_both(engines: Engines, table: str, rows: list[dict]) -> None:
    for warehouse in (engines.local, engines.google):
        warehouse.load_rows(table, rows)


def build(warehouse, day: datetime.date) -> None:
    """Build a day as `medallion.build` does, with a cut and a snapshot of order management of the test's own."""
    run = medallion.BatchRun(f"run-{day}", day, CUTS[day])
    warehouse.run("build/start_run.sql", {**run.key, "started_at": run.cut_at, "cut_at": run.cut_at})
    for entity, rows in scenario.ENTITIES.items():
        warehouse.load_rows(f"bronze.oms_{entity}", [row for row in rows if row["snapshot_date"] == day])
    medallion.stage_silver(warehouse, run)
    medallion.stage_gold(warehouse, run)
    medallion.publish(warehouse, run)


@pytest.fixture(scope="module")
def empty(make_warehouse, make_reference, catalog) -> Engines:
    """Two warehouses with nothing but the domain's rules."""
    return Engines(make_warehouse(), make_reference(), catalog)


@pytest.fixture(scope="module")
def built(make_warehouse, make_reference, catalog) -> Engines:
    """Two warehouses on which the scenario's three days are built; live knows more since the second."""
    engines = Engines(make_warehouse(), make_reference(), catalog)
    load_both(engines, "bronze.raw_orders", scenario.MESSAGES)
    for day in DAYS[:-1]:
        build(engines.local, day)
        build(engines.google, day)
    live = scenario.live_events(engines.local.read_table("silver.stg_order_events").to_pylist())
    load_both(engines, "live.order_events", live)
    load_both(engines, "live.stage_minutes", scenario.PANES)
    build(engines.local, DAYS[-1])
    build(engines.google, DAYS[-1])
    return engines


def test_three_days_built_leave_the_same_rows_in_every_table(built):
    assert built.unequal_tables() == {}


def test_the_scenario_reaches_every_edge_that_it_names(built):
    rejected = built.local.read_table("silver.rejected_events").to_pylist()
    assert {row["reason_code"] for row in rejected} == set(medallion.rules.rejection_reasons())
    orders = built.local.read_table("gold.fact_order_lifecycle").to_pylist()
    assert {row["status"] for row in orders} == {"open", "delivered", "cancelled", "returned", "lost"}
    assert {row["is_on_time"] for row in orders} == {None, True, False}
    assert {row["has_clock_skew"] for row in orders} == {True, False}
    assert 0.75 in {row["delivery_hours"] for row in orders}  # 45 minutes are no hour
    assert {row["age_band"] for row in built.local.read_table("gold.dim_patients").to_pylist()} >= {
        "90+",
        "10-19",
        None,
    }
    by_id = {row["order_id"]: row for row in orders}
    assert "void" not in by_id
    days = [by_id[name]["turnaround_business_days"] for name in ("over-a-weekend", "over-memorial-day", "the-same-day")]
    assert days == [4, 2, 0]  # Saturdays are open in the newest calendar; Memorial Day is not
    assert (by_id["reused"]["status"], by_id["reused (2)"]["stage"]) == ("delivered", "SHIPPED")
    feedback = built.local.read_table("gold.fact_patient_feedback").to_pylist()
    assert {(row["order_id"], row["feedback_type"]) for row in feedback} >= {
        ("whole", "survey"),
        ("reused", "complaint"),
        ("reused (2)", "call"),
    }
    drugs = built.local.read_table("gold.dim_drugs").to_pylist()
    assert {(row["drug_ndc"], row["valid_from"], row["valid_to"], row["is_latest"]) for row in drugs} == {
        ("99999000101", DAYS[0], DAYS[0], False),
        ("99999000101", DAYS[1], DAYS[1], False),
        ("99999000101", DAYS[2], None, True),
        ("09999900010", DAYS[0], DAYS[0], True),
        ("99999000202", DAYS[1], DAYS[1], True),
    }
    live = {row["message_id"] for row in built.local.read_table("live.order_events").to_pylist()}
    assert "live-1" in live and "old-1" not in live  # publishing drops what lies below the mark and is accounted for


@pytest.mark.parametrize("sql_file", QUERIES)
def test_the_built_days_give_the_same_answer_to(sql_file, built):
    assert built.unequal_rows(sql_file, QUERIES[sql_file]) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_time_machine_shows_the_same_at(moment, built):
    sql = "select * from pbm_serving.order_lifecycle_as_of(@as_of)"
    assert built.unequal_query(sql, {"as_of": instant(moment)}) == []


def test_features_of_several_instants_are_the_time_machines_row_by_row(built):
    instants = [instant(moment) for moment in MOMENTS]
    together = built.local.run("risk/features_at_instants.sql", {"instants": instants, "as_of": max(instants)})
    alone = [
        row for moment in instants for row in built.local.run("risk/features_as_of.sql", {"as_of": moment}).to_pylist()
    ]
    for row in alone:
        del row["runout_at"]
    assert in_order(together.to_pylist()) == in_order(alone)
    unusual = built.local.run("risk/unusual_orders.sql", {"as_of": max(instants)})["order_id"].to_pylist()
    assert {"reused"} < set(unusual) and {row["order_id"] for row in alone} - set(unusual)


@pytest.mark.parametrize("moment", MOMENTS)
def test_outcomes_are_the_time_machines_row_by_row(moment, built):
    names = ["order_id", "delivered_at", "cancelled_at", "promised_at"]
    told = built.local.run("risk/outcomes.sql", {"as_of": instant(moment), "since": instant("2010-01-01")})
    sql = "select * from pbm_serving.order_lifecycle_as_of(@as_of)"
    machine = built.local.query(sql, {"as_of": instant(moment)})
    assert in_order(told.select(names).to_pylist()) == in_order(machine.select(names).to_pylist())


def in_order(rows: list[dict]) -> list[dict]:
    """Return rows by their order, and of one order by their instant."""
    return sorted(rows, key=lambda row: (row["order_id"], row.get("as_of")))


def test_every_check_finds_the_same_in_the_built_days(built):
    for name in checks.MEDALLION_CHECKS:
        assert built.unequal_rows(f"checks/{name}.sql") == [], name
        assert built.unequal_rows(f"checks/{name}.sql", staged=True) == [], name
    for name, day in itertools.product(checks.REVIEW_CHECKS, DAYS):
        assert built.unequal_rows(f"checks/{name}.sql", review_parameters(name, day)) == [], name


def test_nothing_gives_nothing_on_both(empty):
    run = medallion.BatchRun("run-of-nothing", DAYS[0], CUTS[DAYS[0]])
    for warehouse in (empty.local, empty.google):
        warehouse.run("build/start_run.sql", {**run.key, "started_at": run.cut_at, "cut_at": run.cut_at})
        medallion.stage_silver(warehouse, run)
        medallion.stage_gold(warehouse, run)
    assert empty.unequal_tables() == {}
    for name in STAGED_TABLES:
        assert empty.local.query(f"select * from pbm_staging.{name}").num_rows == 0, name
    for sql_file, parameters in QUERIES.items():
        assert empty.unequal_rows(sql_file, parameters) == [], sql_file


def test_later_copies_of_what_silver_holds_twice_are_the_same(empty):
    """The last test of `empty`, whose build staged nothing: silver gets events of which it holds two copies."""
    load_both(empty, "silver.stg_order_events", BROKEN["silver.stg_order_events"])
    assert empty.unequal_rows("build/events_held_twice.sql") == []
    empty.change_both("staging/late_copies.sql", {"copy_dates": partitions.dates([BROKEN_DAY])})
    assert empty.unequal_tables(["pbm_staging.displaced_events"]) == {}
    assert empty.local.read_table("staging.displaced_events")["message_id"].to_pylist() == ["m2"]


def test_every_check_finds_the_same_in_broken_tables_and_each_can_fail(make_warehouse, make_reference, catalog):
    broken = Engines(make_warehouse(), make_reference(), catalog)
    for table, rows in {**BROKEN, **TRUTH}.items():
        load_both(broken, table, rows)
    for name in (*checks.MEDALLION_CHECKS, *checks.REVIEW_CHECKS, checks.TRUTH_CHECK):
        sql_file = f"checks/{name}.sql"
        parameters = review_parameters(name, BROKEN_DAY) if name in checks.REVIEW_CHECKS else {}
        assert broken.unequal_rows(sql_file, parameters) == [], name
        found = {row["check_name"] for row in broken.local.run(sql_file, parameters).to_pylist()}
        assert found == check_names(sql_file), name


def review_parameters(name: str, day: datetime.date) -> dict:
    """Return the parameters of a review's check; of silver and live it may look into two months around the day."""
    around = partitions.dates(day + datetime.timedelta(days=number) for number in range(-30, 31))
    return {"run_date": day, **({"silver_dates": around, "live_dates": around} if name == checks.LIVE_CHECK else {})}


def check_names(sql_file: str) -> set[str]:
    """Return the names of the checks that a file makes, as its text has them."""
    if sql_file == f"checks/{checks.TRUTH_CHECK}.sql":
        columns = {f"gold has the true {column}" for column in (*MILESTONES, *TEXTS, "event_count")}
        return columns | {"the ledger says what hides the truth"}
    text = " ".join(statements(sql_file)[0].split())
    return {part.rpartition("'")[2] for part in text.split("' as check_name")[:-1]}


def test_what_forgets_and_marks_leaves_the_same_rows(make_warehouse, make_reference, catalog):
    engines = Engines(make_warehouse(), make_reference(), catalog)
    for table, rows in TRUTH.items():
        load_both(engines, table, rows)
    for entity, rows in scenario.ENTITIES.items():
        load_both(engines, f"bronze.oms_{entity}", rows)
    changed = [f"pbm_{table}" for table in TRUTH]
    changed += [f"pbm_bronze.oms_{entity}" for entity in scenario.ENTITIES]
    changed += ["pbm_ops.batch_runs", "pbm_gold.fact_order_lifecycle", "pbm_silver.stg_order_events"]
    changed += ["pbm_silver.order_spans", "pbm_ops.run_event_dates"]
    load_both(engines, "silver.stg_order_events", BROKEN["silver.stg_order_events"])
    changes = {
        "build/start_run.sql": {**RUN, "started_at": instant("21 12:00"), "cut_at": instant("21 12:00")},
        "build/mark_failed.sql": {**RUN, "finished_at": instant("21 12:01"), "detail": "what 'it' said"},
        "build/forget_orders.sql": {"simulation_id": "s1", "order_ids": ["t1", "t2"], "knowable_order_ids": ["k1"]},
        "build/forget_snapshot.sql": {"snapshot_date": DAYS[0]},
        "build/fill_spans.sql": {},
        "risk/forget_models.sql": {"model_version": "survival-2"},
        "risk/forget_calibration.sql": {"first_date": DAYS[0]},
        "alerts/forget_alerts.sql": {"alert_ids": ["a", "b"]},
    }
    for sql_file, parameters in changes.items():
        engines.change_both(sql_file, parameters)
        assert engines.unequal_tables(changed) == {}, sql_file
    assert engines.unequal_rows("runs/batch_runs.sql", {"max_runs": 2}) == []  # here both ended at the same instant
    engines.change_both("build/forget_simulation.sql", {"simulation_id": "s1"})
    assert engines.unequal_tables(changed) == {}
    assert engines.local.read_table("truth.orders").num_rows == 1  # of the other simulation
    assert engines.local.read_table("silver.order_spans").num_rows == 1
    assert {row["snapshot_date"] for row in engines.local.read_table("bronze.oms_drugs").to_pylist()} == set(DAYS[1:])


def test_an_erasure_finds_and_deletes_the_same_rows(built):
    """The last test of `built`, since it takes away a patient: one with orders alone, and part of an order id."""
    patient = {"patient_id": "P1", "patient_key": pseudonym(TEST_KEY, "P1")}
    found = {"patient_key": patient["patient_key"], "patient_pattern": word_pattern("P1")}
    named = {"erasure_id": "erasure-1", "asked_at": instant("22 00:00"), "patient_key": patient["patient_key"]}
    done = {"erasure_id": "erasure-1", "completed_at": instant("22 00:01"), "deleted_row_count": 1}
    row = {"erasure_id": "erasure-1", "salt": "s", "patient_digest": "d", "asked_at": instant("22 00:00")}
    load_both(built, "vault.erasures", [row])
    steps = {
        "find_orders": patient,
        "find_messages": found,
        "write_tombstones": named,
        "delete_patient": patient | done,
        "touch_shared": {},
        "publish_shared": {},
    }
    for name, parameters in steps.items():
        if name == "delete_patient":
            assert built.unequal_rows("erasure/counts.sql", patient) == []
            assert built.unequal_tables(["pbm_serving.order_lifecycle"]) == {}  # the tombstones are honoured
        built.change_both(f"erasure/{name}.sql", parameters)
        for query in ("orders", "message_count", "salts"):
            assert built.unequal_rows(f"erasure/{query}.sql") == [], name
        assert built.unequal_rows("erasure/patient_key.sql", {"patient_id": "P1"}) == []
        assert built.unequal_tables() == {}, name
    judged = built.local.read_table("vault.judged_messages").to_pylist()[0]  # of the last day
    tombstone = {"kind": "order_id", "value": judged["order_id"], "erasure_id": "e", "erased_at": judged["known_at"]}
    load_both(built, "ops.tombstones", [tombstone])
    returned = {"patient_ids": ["P2"]}
    built.change_both("erasure/find_returned.sql", returned)
    assert built.local.run("erasure/message_count.sql").to_pylist()[0]["message_count"] > 0
    built.change_both("erasure/turn_back.sql", {**returned, **SPAN})
    assert built.unequal_tables() == {}
    built.change_both("erasure/forget_work.sql", {})
    keys = sorted({row["patient_key"] for row in built.local.read_table("vault.patient_keys").to_pylist()})
    load_both(built, "vault.rotated_keys", [{"patient_key": key, "next_patient_key": key[::-1]} for key in keys])
    built.change_both("rotation/rotate.sql", {})
    assert built.unequal_tables() == {}


def test_dead_letters_and_what_became_of_their_replays_are_the_same(make_warehouse, make_reference, catalog):
    engines = Engines(make_warehouse(), make_reference(), catalog)
    load_both(engines, "ops.dead_letters", scenario.DEAD_LETTERS)
    load_both(engines, "bronze.raw_orders", scenario.REPLAYS)
    parameters = {"first_date": DAYS[0]}
    assert engines.unequal_rows("dead_letters/list.sql", parameters) == []
    told = engines.local.run("dead_letters/list.sql", parameters).to_pylist()
    assert [(row["message_id"], row["reason_code"], row["replay_count"], row["status"]) for row in told] == [
        ("refused-1", "unknown_type", 0, "open"),
        ("refused-2", "unknown_type", 2, "accepted"),
        ("refused-3", "malformed_json", 1, "refused again"),
    ]
    found = {**SPAN, "message_ids": ["again-2a", "again-3", "of-nobody"]}
    assert engines.unequal_rows("dead_letters/raw_messages.sql", found) == []
    assert engines.local.run("dead_letters/raw_messages.sql", found)["message_id"].to_pylist() == [
        "again-2a",
        "again-3",
    ]


def test_a_difference_between_rows_is_seen():
    row = {"order_id": "A1", "wait_hours": 0.75, "at": instant("19 09:00")}
    assert unequal([row, row], [dict(row), dict(row)]) == []
    assert len(unequal([row, row], [row])) == 1
    assert len(unequal([row], [{**row, "wait_hours": 1.0}])) == 2


@pytest.mark.parametrize("name", LACKING)
def test_the_evaluator_lacks_still(name, google):
    with pytest.raises(GoogleSqlError, match="Unsupported built-in function|does not correspond|not found"):
        google.query(LACKING[name].probe, {"t": ({"a": "INT64"}, [])}, {})


@pytest.mark.parametrize("name", LACKING)
def test_what_the_evaluator_lacks_is_bridged_where_a_statement_needs_it(name):
    text = "\n".join(without_comments(read_sql(sql_file)) for sql_file in sql_files())
    is_used = re.search(LACKING[name].pattern, text) is not None
    assert is_used == (LACKING[name].bridge != NOT_WRITTEN)


def test_every_file_of_sql_is_run_on_both_engines(built):
    build_steps = {f"build/{name}.sql" for name in ("start_run", "mark_staged", "mark_gated", "publish", "reconcile")}
    changes = {
        f"build/{name}.sql"
        for name in ("mark_failed", "fill_spans", "forget_orders", "forget_snapshot", "forget_simulation")
    }
    changes |= {
        "risk/forget_models.sql",
        "risk/forget_calibration.sql",
        "alerts/forget_alerts.sql",
    }
    erasure_steps = {name for name in sql_files() if name.startswith(("erasure/", "rotation/"))} & built.compared
    checked = {f"checks/{name}.sql" for name in (*checks.MEDALLION_CHECKS, *checks.REVIEW_CHECKS, checks.TRUTH_CHECK)}
    staged = {f"staging/{name}.sql" for name in (*STAGING_STEPS, "new_patients")}
    included = {
        f"lifecycle/{name}.sql"
        for name in (
            "copies",
            "effective_events",
            "known_events",
            "order_lifecycle",
            "stage_visits",
            "patient_feedback",
            "touched_events",
        )
    } | {"privacy/suppressed_cells.sql", "risk/order_features.sql", "risk/order_supplies.sql"}
    defined = {name for name in sql_files() if created(statements(name)[0])}
    assert set(sql_files()) == {
        *QUERIES,
        "runs/batch_runs.sql",
        *build_steps,
        *erasure_steps,
        *changes,
        "staging/late_copies.sql",
        *checked,
        *staged,
        *included,
        *defined,
        *(name for lack in LACKING.values() for name in lack.files),
    }
