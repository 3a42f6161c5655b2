"""The desk between the reading process and the viewers: nobody sees half of a file, and hostile questions are none."""

import datetime
import json
import subprocess
import sys
import threading

import pytest

from pbm360.operations.answers import forget_old
from pbm360.operations.desk import (
    ANSWERS,
    FAILURE_FILE,
    QUESTIONS,
    VIEW_FILE,
    Desk,
    Question,
    QuestionError,
    ViewMissing,
    desk_folder,
    note_failure,
    read_question,
    read_view,
    write_json,
)
from pbm360.settings import Settings


def hours_before_now(hours):
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)).isoformat()


def test_a_desk_knows_when_there_is_news(tmp_path):
    desk = Desk(tmp_path)
    with pytest.raises(ViewMissing, match="pbm360.operations.service"):
        desk.view()
    assert not desk.has_news()
    write_json(tmp_path / VIEW_FILE, {"as_of": "now"})
    assert desk.has_news()
    assert desk.view() == {"as_of": "now"}
    assert not desk.has_news()
    note_failure(tmp_path, ConnectionError("secret address"))
    assert desk.has_news()
    assert desk.failure().kind == "ConnectionError"
    assert "secret" not in (tmp_path / FAILURE_FILE).read_text()


def test_readers_never_see_half_a_view(tmp_path):
    write_json(tmp_path / VIEW_FILE, {"number": 0, "rows": [0] * 20_000})
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            write_json(tmp_path / VIEW_FILE, {"number": number, "rows": [number] * 20_000})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(100):
            found = read_view(tmp_path)
            assert found["rows"] == [found["number"]] * 20_000
    finally:
        stop.set()
        writer.join()


def test_a_question_is_asked_once_and_its_answer_taken_once(tmp_path):
    desk, other = Desk(tmp_path), Desk(tmp_path)
    question = Question("order", "A1", version="1")
    for viewer in (desk, desk, other):
        viewer.ask(question)
    (path,) = (tmp_path / QUESTIONS).glob("*.json")
    assert read_question(path) == question
    assert desk.is_waiting("order") and not desk.has_news()
    write_json(tmp_path / ANSWERS / path.name, {"rows": []})
    assert desk.has_news() and other.has_news()
    assert list(desk.take()) == [("order", {"rows": []})]
    assert list(desk.take()) == [] and not desk.is_waiting("order")
    desk.ask(question)
    assert not desk.is_waiting("order")  # asked already, and told


def test_a_newer_question_takes_the_place_of_the_one_before(tmp_path):
    desk = Desk(tmp_path)
    first, second = Question("order", "A1"), Question("order", "B2")
    desk.ask(first)
    desk.ask(second)
    write_json(tmp_path / ANSWERS / f"{first.key}.json", {"order_id": "A1"})
    assert list(desk.take()) == []
    desk.forget("order")
    write_json(tmp_path / ANSWERS / f"{second.key}.json", {"order_id": "B2"})
    assert list(desk.take()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "sql", "about": "select 1"},
        {"kind": "order", "about": ""},
        {"kind": "order", "about": "A" * 201},
        {"kind": "order", "about": "A\x00B"},
        {"kind": "order", "about": 7},
        {"kind": "moment", "about": "yesterday"},
        {"kind": "moment", "about": "2026-11-20T12:00:00"},
        {"kind": "moment", "about": "1999-01-01T00:00:00+00:00"},
        {"kind": "moment", "about": hours_before_now(-3)},
        {"kind": "view", "chosen": tuple((str(number), "x") for number in range(21))},
        {"kind": "view", "chosen": (("pharmacy", "x" * 201),)},
    ],
)
def test_what_is_no_question_is_refused(wrong):
    with pytest.raises(QuestionError):
        Question(**wrong)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"kind": "view"}', '{"kind": "order", "about": "A1", "chosen": 3, "version": ""}']
)
def test_a_file_that_is_no_question_is_none(tmp_path, text):
    path = tmp_path / "0.json"
    path.write_text(text)
    assert read_question(path) is None


def test_a_question_under_a_name_that_is_not_its_own_is_none(tmp_path):
    path = tmp_path / f"{Question('order', 'A1').key}.json"
    path.write_text(Question("order", "B2").text())
    assert read_question(path) is None
    path.write_text(Question("order", "A1").text())
    assert read_question(path) == Question("order", "A1")
    assert read_question(tmp_path / "nothing.json") is None


def test_only_old_answers_are_forgotten(tmp_path):
    import os

    for name, age in (("old", 999), ("new", 0)):
        path = tmp_path / ANSWERS / f"{name}.json"
        write_json(path, {})
        stamp = path.stat().st_mtime - age
        os.utime(path, (stamp, stamp))
    forget_old(tmp_path)
    assert [path.stem for path in (tmp_path / ANSWERS).glob("*.json")] == ["new"]


def test_numbers_that_json_does_not_have_are_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / VIEW_FILE, {"number": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_settings_say_where_the_desk_lies(tmp_path):
    assert desk_folder(Settings(state_dir=tmp_path)) == tmp_path / "operations"


def test_a_viewers_kernel_loads_none_of_the_clouds_clients_nor_pandas_nor_plotly():
    heavy = ("google.cloud.bigquery", "grpc", "requests", "pandas", "plotly", "pyarrow")
    lines = (
        f"import sys, json, pbm360.command_center; print(json.dumps([name for name in {heavy} if name in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []
