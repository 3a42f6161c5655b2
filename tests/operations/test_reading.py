"""What is read of the warehouse, and the process that reads it."""

import datetime
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from pbm360.operations import service
from pbm360.operations.desk import FAILURE_FILE, VIEW_FILE, Desk, desk_folder
from pbm360.operations.reading import (
    FLOWING_FRAMES,
    GOLD_FRAMES,
    read_background,
    read_freshness,
    read_orders,
    read_snapshot,
    refreshed,
)
from pbm360.operations.service import Picture, Watchdog
from tests.fact_rows import fact_row

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
ROWS = [
    fact_row("A1", "FILL", NOW, 30, pharmacy_id="PH1", drug_ndc="99999000101", carrier="ups"),
    fact_row("A2", "FILL", NOW, 24),
    fact_row("A3", "FILL", NOW, 19.2),
    fact_row("A4", "FILL", NOW, 19.3),
    fact_row("A5", "RECEIVED", NOW, 900),
    fact_row("A6", "DELIVERED", NOW, 24 * 13, delivered_at_hours_ago=24 * 13, is_on_time=True),
    fact_row("A7", "DELIVERED", NOW, 24 * 15),
    fact_row("A8", "FILL", NOW, 1) | {"stage": None, "stage_entered_at": None, "sla_due_at": None},
]


@pytest.fixture(scope="module")
def filled(make_warehouse):
    warehouse = make_warehouse()
    warehouse.load_rows("gold.fact_order_lifecycle", ROWS)
    latest = {"valid_from": NOW.date(), "is_latest": True}
    earlier = {"valid_from": datetime.date(2025, 1, 1), "valid_to": datetime.date(2025, 12, 31), "is_latest": False}
    pharmacy = {"pharmacy_id": "PH1", "name": "Harbor", "time_zone": "America/New_York"}
    warehouse.load_rows("gold.dim_pharmacies", [pharmacy | latest, pharmacy | earlier | {"name": "Old harbor"}])
    drug = {"drug_ndc": "99999000101", "name": "HUMIRA", "therapy": "rheumatology"}
    warehouse.load_rows("gold.dim_drugs", [drug | latest, drug | earlier | {"name": "Humira of old"}])
    return warehouse


@pytest.fixture(scope="module")
def orders(filled):
    return read_orders(filled, NOW).to_pylist()


def test_an_order_is_late_only_after_all_of_its_time_and_at_risk_only_after_four_fifths(orders):
    risks = {row["order_id"]: row["risk"] for row in orders}
    assert risks == {
        "A1": "breached",
        "A2": "at_risk",
        "A3": "on_track",
        "A4": "at_risk",
        "A5": "breached",
        "A6": None,
        "A8": "untimed",
    }


def test_ages_are_counted_to_the_moment_of_the_snapshot(orders):
    hours = {row["order_id"]: (row["age_hours"], row["sla_hours"], row["hours_to_breach"]) for row in orders}
    assert hours["A1"] == (30.0, 24.0, -6.0)
    assert hours["A5"] == (900.0, 4.0, -896.0)
    assert hours["A6"] == (None, None, None)
    assert hours["A8"] == (None, None, None)


def test_names_come_from_the_dimensions_and_keys_stand_in_where_there_are_none(orders):
    rows = {row["order_id"]: row for row in orders}
    assert (rows["A1"]["pharmacy"], rows["A1"]["drug"], rows["A1"]["therapy"]) == ("Harbor", "HUMIRA", "rheumatology")
    assert (rows["A2"]["pharmacy"], rows["A2"]["stage_label"]) == (None, "Fill")
    assert rows["A8"]["stage_label"] == "No stage yet"


def test_the_stages_are_those_in_which_an_order_is_open_in_the_order_of_the_process(filled):
    labels = list(read_snapshot(filled).stages["stage_label"])
    assert (labels[0], labels[-1], len(labels)) == ("Received", "Attempt failed", 19)


def test_freshness_is_known_of_stream_and_batch(make_warehouse):
    warehouse = make_warehouse()
    assert read_freshness(warehouse, NOW) == {
        "stream_event_at": None,
        "events_last_minute": 0,
        "stream_beat_at": None,
        "batch_published_at": None,
        "batch_date": None,
    }
    beat = {"process": "stream", "beat_at": NOW - datetime.timedelta(seconds=20), "beat_date": NOW.date()}
    warehouse.load_rows("ops.heartbeats", [beat, beat | {"process": "other", "beat_at": NOW}])
    day = datetime.date(2026, 11, 19)
    run = {"run_id": "r1", "run_date": day, "status": "published", "started_at": NOW, "cut_at": NOW, "finished_at": NOW}
    warehouse.load_rows("ops.batch_runs", [run])
    found = read_freshness(warehouse, NOW)
    assert (found["stream_beat_at"], found["batch_date"], found["batch_published_at"]) == (beat["beat_at"], day, NOW)


def published_run(day):
    run = {"run_id": f"r{day}", "run_date": day, "status": "published", "cut_at": NOW}
    return run | {"started_at": NOW, "finished_at": NOW + datetime.timedelta(days=1)}


def test_gold_is_read_again_only_when_its_mark_has_moved(filled):
    snapshot, background = read_snapshot(filled), read_background(filled)
    again = read_snapshot(filled, background, snapshot), refreshed(filled, background, "supplies", snapshot.freshness)
    assert again[0].stages is snapshot.stages and again[0].orders is not snapshot.orders
    assert all(getattr(again[1], name) is getattr(background, name) for name in GOLD_FRAMES)
    assert again[1].supplies is not background.supplies and again[1].feeds is background.feeds
    filled.load_rows("ops.batch_runs", [published_run(NOW.date())])
    after = read_snapshot(filled, background, snapshot)
    assert after.stages is not snapshot.stages
    moved = refreshed(filled, background, "feeds", after.freshness)
    assert not any(getattr(moved, name) is getattr(background, name) for name in GOLD_FRAMES)
    assert refreshed(filled, moved, "feeds", after.freshness).remaining is moved.remaining


def test_the_background_is_read_whole_at_first_and_then_a_query_at_a_time(filled, tmp_path):
    quick = replace(filled.settings, state_dir=tmp_path, snapshot_seconds=0.01)
    picture, stop, seen = Picture(), threading.Event(), []
    picture.take(filled, tmp_path)
    process = threading.Thread(target=service.run_background, args=(picture, lambda: quick, stop))
    process.start()
    wait_for(lambda: picture.background is not None)
    seen.append(picture.background)
    for _ in range(len(FLOWING_FRAMES)):
        wait_for(lambda: picture.background is not seen[-1])
        seen.append(picture.background)
    stop.set()
    process.join()
    assert all(getattr(seen[0], name) is not None for name in (*GOLD_FRAMES, *FLOWING_FRAMES))
    steps = itertools.pairwise(seen)
    changed = [{name for name in FLOWING_FRAMES if getattr(a, name) is not getattr(b, name)} for a, b in steps]
    assert set.union(*changed) == set(FLOWING_FRAMES)


def test_a_failure_is_noted_and_taken_back_by_the_next_success(filled, tmp_path):
    good = replace(filled.settings, state_dir=tmp_path, snapshot_seconds=0.2)
    broken = replace(good, project="pbm-not-there")
    folder, stop = desk_folder(good), threading.Event()
    loaded = iter([broken, good])
    process = threading.Thread(target=service.run, args=(Picture(), lambda: next(loaded), stop, Watchdog()))
    process.start()
    desk, seen = Desk(folder), []
    deadline = time.monotonic() + 60
    while not (folder / VIEW_FILE).exists() and time.monotonic() < deadline:
        seen.append(desk.failure())
        time.sleep(0.02)
    stop.set()
    process.join()
    assert any(failure is not None and failure.kind == "NotFound" for failure in seen)
    assert desk.failure() is None
    tiles = {tile["key"]: tile["number"] for tile in desk.view()["tiles"]}
    assert tiles["open"] == 6


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def silent_server():
    """A port that takes connections and says nothing, as a warehouse that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def start_process(tmp_path, silent_server):
    """Start the snapshot process against the warehouse that hangs."""
    started = []

    def run(*arguments):
        environment = os.environ | {"PBM360_STATE_DIR": str(tmp_path), "PBM360_BIGQUERY_URL": silent_server}
        started.append(
            subprocess.Popen([sys.executable, "-m", "pbm360.operations.service", *arguments], env=environment)
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_an_old_background_is_told_and_so_is_one_that_was_never_read(filled, tmp_path):
    picture, desk = Picture(), Desk(tmp_path)

    def chips():
        picture.take(filled, tmp_path)
        return {chip["key"]: (chip["state"], chip["text"]) for chip in desk.view()["chips"]}

    assert "background" not in chips()
    picture.started_at -= datetime.timedelta(minutes=2)
    assert chips()["background"] == ("bad", "Background not read for 2 min")
    picture.background = read_background(filled)
    assert "background" not in chips()
    read_at = dict(picture.background.read_at)
    gold = replace(
        picture.background, read_at=read_at | {"remaining": read_at["remaining"] - datetime.timedelta(days=1)}
    )
    picture.background = gold
    assert "background" not in chips()  # what only a batch changes is as new as the batch
    one_old = read_at | {"feeds": read_at["feeds"] - datetime.timedelta(minutes=3)}
    picture.background = replace(gold, read_at=one_old)
    assert chips()["background"] == ("bad", "Background 3 min old")
    picture.background = refreshed(filled, picture.background, "feeds", picture.newest[0].freshness)
    assert "background" not in chips()


BROKEN_THREAD = """
from pbm360.operations import service
def {work}(*_):
    raise KeyError("of nobody's making")
service.{owner}{work} = {work}
service.main()
"""


@pytest.mark.parametrize(("owner", "work"), [("", "run_background"), ("answers.", "run"), ("", "run_satisfaction")])
def test_the_process_ends_where_a_thread_does(tmp_path, silent_server, owner, work):
    environment = os.environ | {"PBM360_STATE_DIR": str(tmp_path), "PBM360_BIGQUERY_URL": silent_server}
    command = [sys.executable, "-c", BROKEN_THREAD.format(owner=owner, work=work)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert f"{work} has ended" in found.stdout and "of nobody's making" in found.stderr


def test_a_warehouse_that_hangs_is_said_to_and_the_process_still_stops_when_asked(start_process, tmp_path):
    process, failure_file = start_process(), tmp_path / "operations" / FAILURE_FILE
    wait_for(failure_file.exists)
    assert Desk(failure_file.parent).failure().kind == "TimeoutError"
    process.terminate()
    assert process.wait(10) == 0


def test_the_process_ends_without_its_parent(start_process):
    assert start_process("--only-with-parent", "1").wait(60) == 0


def test_every_known_source_is_told_of_also_those_that_are_not_heard(make_warehouse):
    warehouse = make_warehouse()
    types = [{"event_type": f"{source}_1", "source": source} for source in ("crm", "iot", "wms")]
    warehouse.load_rows("ops.rule_event_types", types, replace=True)

    def heard(number, source, days_ago):
        at = NOW - datetime.timedelta(days=days_ago)
        row = {"event_id": f"e{number}", "source": source, "event_type": "picked", "event_at": at, "order_id": "A1"}
        times = {"event_date": at.date(), "publish_time": at, "ingested_at": at, "known_at": at}
        return row | times | {"stage": "FILL", "stage_order": 80, "message_id": f"m{number}", "schema_version": 1}

    warehouse.load_rows("live.order_events", [heard(1, "wms", 0.01), heard(2, "crm", 29.5), heard(3, "new", 0.02)])
    rows = warehouse.run("dashboards/feeds.sql", {"now": NOW}).to_pylist()
    assert [(row["source"], row["event_count_hour"], row["last_known_at"] is None) for row in rows] == [
        ("crm", 0, True),
        ("iot", 0, True),
        ("new", 1, False),
        ("wms", 1, False),
    ]
