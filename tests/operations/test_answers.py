"""Questions are answered from the real warehouse; what is no question is thrown away."""

import datetime
import json
import os
import socket
import threading
import time
from dataclasses import replace

import pytest
from google.api_core.exceptions import NotFound

from pbm360.operations import answers
from pbm360.operations.answers import Answerer
from pbm360.operations.desk import ANSWERS, KINDS, QUESTIONS, Desk, Question, desk_folder, write_json
from pbm360.operations.reading import read_background, read_snapshot
from pbm360.operations.view import judged_orders
from pbm360.warehouse import READ_ERRORS, Warehouse
from tests.fact_rows import fact_row

NOW = datetime.datetime.now(datetime.UTC)


def event(number, event_type, hours_ago, stage, known_hours_ago=None, **columns):
    at = NOW - datetime.timedelta(hours=hours_ago)
    known = NOW - datetime.timedelta(hours=known_hours_ago if known_hours_ago is not None else hours_ago)
    row = {
        "event_id": f"e{number}",
        "source": "wms",
        "event_type": event_type,
        "event_at": at,
        "event_date": at.date(),
        "order_id": "A1",
        "stage": stage,
        "stage_order": {"FILL": 80, "QA": 90, "PACK": 100}[stage],
        "message_id": f"m{number}",
        "publish_time": known,
        "ingested_at": known,
        "known_at": known,
        "schema_version": 1,
        "pharmacy_id": "PH1",
    }
    return row | columns


@pytest.fixture(scope="module")
def filled(make_warehouse):
    """An order in silver and live: filled nine hours ago, which was known two hours ago, packed one hour ago."""
    warehouse = make_warehouse()
    batch = [event(1, "picked", 12, "FILL"), event(2, "filled", 9, "QA", known_hours_ago=2)]
    warehouse.load_rows("silver.stg_order_events", batch)
    warehouse.load_rows("live.order_events", [batch[1], event(3, "qa_passed", 1, "PACK", station="check-2")])
    warehouse.load_rows("gold.fact_order_lifecycle", [fact_row("A1", "QA", NOW, 9, pharmacy_id="PH1")])
    return warehouse


@pytest.fixture
def silent_warehouse(filled):
    """Settings of a warehouse that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield replace(filled.settings, bigquery_url=f"http://127.0.0.1:{listening.getsockname()[1]}")


@pytest.fixture(scope="module")
def picture(filled):
    snapshot = read_snapshot(filled, read_background(filled))
    return snapshot, judged_orders(snapshot)


def answer_to(filled, picture, folder, question):
    desk = Desk(folder)
    desk.ask(question)
    assert Answerer(lambda: picture).answer_waiting(filled, folder) == 1
    assert list((folder / QUESTIONS).iterdir()) == []
    ((kind, answer),) = desk.take()
    assert kind == question.kind
    return answer


def test_an_orders_events_are_told_each_once_with_where_they_came_from(filled, picture, tmp_path):
    story = answer_to(filled, picture, tmp_path, Question("order", "A1"))
    assert [(row["what"], row["came_by"]) for row in story["rows"]] == [
        ("picked", "batch"),
        ("filled", "batch"),
        ("qa passed", "stream"),
    ]
    assert story["rows"][1]["late_hours"] == pytest.approx(7, abs=0.01)
    assert story["rows"][2]["detail"] == "check-2"
    assert "Pack" in story["facts"]


def test_an_order_that_nobody_knows_has_no_events(filled, picture, tmp_path):
    assert answer_to(filled, picture, tmp_path, Question("order", "Z9' or 1=1 --"))["rows"] == []


def test_a_past_moment_differs_by_what_became_known_later(filled, picture, tmp_path):
    moment = (NOW - datetime.timedelta(hours=5)).isoformat()
    view = answer_to(filled, picture, tmp_path, Question("moment", moment))
    assert "1 of 1 open orders stood elsewhere" in view["note"]

    def stage(name):
        bars = [trace for trace in json.loads(view["figures"][name])["data"] if trace["type"] == "bar"]
        return {label for trace in bars for label, count in zip(trace["y"], trace["x"], strict=True) if count}

    assert (stage("then"), stage("now")) == ({"Fill"}, {"Quality check"})


def test_a_narrowed_view_is_the_view_of_the_orders_that_match(filled, picture, tmp_path):
    tiles = answer_to(filled, picture, tmp_path, Question("view", chosen=(("pharmacy", "PH1"),)))["tiles"]
    assert tiles[0]["number"] == 1
    tiles = answer_to(filled, picture, tmp_path, Question("view", chosen=(("pharmacy", "PH9"),)))["tiles"]
    assert tiles[0]["number"] == 0


def test_what_is_no_question_is_thrown_away(filled, picture, tmp_path):
    write_json(tmp_path / QUESTIONS / "0.json", {"kind": "sql", "about": "drop table x", "chosen": [], "version": ""})
    (tmp_path / QUESTIONS / "1.json").write_text("{" * 100_000)
    assert Answerer(lambda: picture).answer_waiting(filled, tmp_path) == 0
    assert list((tmp_path / QUESTIONS).iterdir()) == []
    assert not (tmp_path / ANSWERS).exists()


def test_a_question_waits_for_the_first_picture_and_not_for_ever(filled, tmp_path):
    Desk(tmp_path).ask(Question("order", "A1"))
    answerer = Answerer(lambda: None)
    assert answerer.answer_waiting(filled, tmp_path) == 0
    (path,) = (tmp_path / QUESTIONS).iterdir()
    stamp = time.time() - 60
    os.utime(path, (stamp, stamp))
    assert answerer.answer_waiting(filled, tmp_path) == 0
    assert not path.exists()


def made_older(path, seconds):
    stamp = path.stat().st_mtime - seconds
    os.utime(path, (stamp, stamp))


def test_a_question_that_fails_neither_blocks_the_others_nor_is_lost(filled, picture, tmp_path):
    desks = {kind: Desk(tmp_path) for kind in KINDS}
    desks["order"].ask(Question("order", "A1"))
    desks["moment"].ask(Question("moment", NOW.isoformat()))
    for path in (tmp_path / QUESTIONS).iterdir():
        made_older(path, 5)
    desks["view"].ask(Question("view", chosen=(("pharmacy", "PH1"),)))
    gone = Warehouse(replace(filled.settings, project="pbm-not-there"))
    answerer = Answerer(lambda: picture)
    with pytest.raises(NotFound):
        answerer.answer_waiting(gone, tmp_path)
    assert [kind for kind, desk in desks.items() if list(desk.take())] == ["view"]
    assert answerer.answer_waiting(filled, tmp_path) == 2
    assert [kind for kind, desk in desks.items() if list(desk.take())] == ["order", "moment"]


def test_a_question_that_brings_about_an_error_of_ours_is_dropped(filled, picture, tmp_path, capfd):
    view, order = Desk(tmp_path), Desk(tmp_path)
    view.ask(Question("view"))
    order.ask(Question("order", "A1"))
    nameless = picture[0], picture[1].drop(columns="order_id")
    assert Answerer(lambda: nameless).answer_waiting(filled, tmp_path) == 0
    assert "KeyError" in capfd.readouterr().err
    assert list((tmp_path / QUESTIONS).iterdir()) == []


def test_only_the_newest_questions_of_a_kind_are_kept_and_no_other_kinds_are_lost(
    filled, picture, tmp_path, monkeypatch
):
    monkeypatch.setattr(answers, "MOST_WAITING", 3)
    view = Desk(tmp_path)
    view.ask(Question("view"))
    for number in range(5):
        Desk(tmp_path).ask(Question("order", f"A{number}"))
    assert Answerer(lambda: picture).answer_waiting(filled, tmp_path) == 4
    assert [kind for kind, _ in view.take()] == ["view"]


def test_what_is_known_of_a_past_moment_is_a_minute_old_at_most(make_warehouse, picture, tmp_path, monkeypatch):
    warehouse = make_warehouse()
    warehouse.load_rows("live.order_events", [event(1, "picked", 12, "FILL")])
    answerer, moment = Answerer(lambda: picture), (NOW - datetime.timedelta(hours=5)).isoformat()

    def note(version):
        desk = Desk(tmp_path)
        desk.ask(Question("moment", moment, version=version))
        answerer.answer_waiting(warehouse, tmp_path)
        ((_, answer),) = desk.take()
        return answer["note"]

    first = note("1")
    assert "0 of 1 open orders" in first and "UTC" in first
    late = event(2, "picked", 8, "FILL", known_hours_ago=0.001) | {"order_id": "A2"}
    warehouse.load_rows("live.order_events", [late])
    assert note("2") == first  # of the same minute, and it says of when
    monkeypatch.setattr(answers, "MOMENT_SECONDS", 0.0)
    assert "1 of 2 open orders" in note("3")


def test_a_slow_moment_keeps_no_view_waiting(filled, picture, tmp_path, silent_warehouse):
    """Each kind has a thread: the moment's waits for a warehouse that says nothing."""
    settings = replace(silent_warehouse, state_dir=tmp_path)
    folder, stop = desk_folder(settings), threading.Event()
    answerer = Answerer(lambda: picture)
    moment, view = Desk(folder), Desk(folder)
    moment.ask(Question("moment", NOW.isoformat()))
    threads = [
        threading.Thread(target=answers.run, args=(answerer, kind, lambda: settings, stop), daemon=True)
        for kind in ("moment", "view")
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    view.ask(Question("view"))
    deadline = time.monotonic() + 10
    while not (found := list(view.take())):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found[0][0] == "view" and moment.is_waiting("moment")
    stop.set()
    threads[1].join(10)


def test_a_query_of_a_viewer_is_tried_for_so_long_and_no_longer(silent_warehouse):
    started = time.monotonic()
    with pytest.raises(READ_ERRORS):
        Warehouse(silent_warehouse, patience_seconds=0.5).run("dashboards/stages.sql")
    assert time.monotonic() - started < 5
