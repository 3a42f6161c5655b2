"""Questions are answered from the real warehouse; what is no question is thrown away."""

import datetime
import json
import time

import pytest

from pbm360.operations.answers import Answerer
from pbm360.operations.desk import ANSWERS, QUESTIONS, Desk, Question, write_json
from pbm360.operations.reading import read_background, read_snapshot
from pbm360.operations.view import judged_orders
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
    import os

    Desk(tmp_path).ask(Question("order", "A1"))
    answerer = Answerer(lambda: None)
    assert answerer.answer_waiting(filled, tmp_path) == 0
    (path,) = (tmp_path / QUESTIONS).iterdir()
    stamp = time.time() - 60
    os.utime(path, (stamp, stamp))
    assert answerer.answer_waiting(filled, tmp_path) == 0
    assert not path.exists()
