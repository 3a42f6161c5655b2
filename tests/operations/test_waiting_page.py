"""A page whose questions are not answered: it asks again, and says how old its numbers are and what failed."""

import datetime
import time

import pytest

from pbm360 import command_center
from pbm360.command_center import CommandCenter
from pbm360.operations import desk as desk_module
from pbm360.operations.desk import ANSWERS, QUESTIONS, VIEW_FILE, desk_folder, read_question, write_json
from pbm360.settings import Settings

NOW = datetime.datetime.now(datetime.UTC)
FILTERS = [
    {
        "key": "pharmacy",
        "label": "Pharmacy",
        "all_label": "All",
        "options": [["PH1", "Harbor"], ["PH2", "Alpine"]],
    }
]


def view_of(open_count: int, seconds_ago: float = 0.0) -> dict:
    as_of = (NOW - datetime.timedelta(seconds=seconds_ago)).isoformat()
    tiles = [{"key": "open", "number": open_count}]
    return {"as_of": as_of, "chips": [], "filters": FILTERS, "tiles": tiles, "figures": {}, "tables": {}, "changes": {}}


class Page:
    """A viewer's page, and the desk that it asks at."""

    def __init__(self, settings: Settings):
        self.folder = desk_folder(settings)
        write_json(self.folder / VIEW_FILE, view_of(100))
        self.center = CommandCenter(settings)
        self.center.refresh()

    def picture(self, number: int, seconds_ago: float = 0.0) -> None:
        write_json(self.folder / VIEW_FILE, view_of(number, seconds_ago))
        self.center.refresh()

    def answer(self, kind: str, content: dict) -> None:
        """Answer the questions of a kind, as the reading process would."""
        for path in (self.folder / QUESTIONS).glob(f"{kind}-*.json"):
            write_json(self.folder / ANSWERS / path.name, content)
            path.unlink()

    def drop(self) -> int:
        """Throw the questions away, as the reading process does with those that it can't answer in time."""
        paths = list((self.folder / QUESTIONS).glob("*.json"))
        for path in paths:
            path.unlink()
        return len(paths)

    @property
    def open_count(self) -> int:
        return self.center.key_numbers.tiles[0]["number"]


@pytest.fixture
def page(tmp_path):
    return Page(Settings(state_dir=tmp_path))


@pytest.fixture
def impatient(monkeypatch):
    """Let questions be given up after 50 ms."""
    monkeypatch.setattr(desk_module, "PATIENCE_SECONDS", 0.05)

    def wait() -> None:
        time.sleep(0.06)

    return wait


def test_a_narrowed_wall_whose_question_was_dropped_asks_again(page, impatient):
    page.center.filters.choose("pharmacy", "PH1")
    assert page.drop() == 1
    page.picture(101, -1)
    assert page.drop() == 0  # it waits for its answer still
    impatient()
    assert page.center.desk.has_news()
    page.picture(102, -2)
    page.answer("view", view_of(7, -2))
    page.center.refresh()
    assert page.open_count == 7


def test_a_narrowed_page_tells_the_age_of_what_it_shows(page):
    page.center.filters.choose("pharmacy", "PH1")
    page.answer("view", view_of(7))
    page.center.refresh()
    for second in (1, 2, 3):
        page.picture(100 + second, -second)
    assert (page.open_count, page.center.head.as_of) == (7, NOW.isoformat())
    page.center.filters.choose("pharmacy", "PH1")  # taken back
    assert (page.open_count, page.center.head.as_of) == (103, view_of(103, -3)["as_of"])


def test_the_page_is_busy_until_the_numbers_are_those_of_the_choice(page):
    head, filters = page.center.head, page.center.filters
    assert not head.busy
    filters.choose("pharmacy", "PH1")
    assert head.busy and page.open_count == 100
    page.picture(101, -1)
    assert head.busy
    page.answer("view", view_of(7, -1))
    page.center.refresh()
    assert not head.busy and page.open_count == 7
    page.picture(102, -2)
    assert not head.busy  # the same choice, a second older
    filters.choose("pharmacy", "PH2")
    assert head.busy
    filters.chosen = {}
    assert not head.busy and page.open_count == 102


def test_a_past_moment_that_nobody_tells_is_said_to_be_missing_and_can_be_chosen_again(page, impatient):
    look_back = page.center.look_back
    moment = (NOW - datetime.timedelta(hours=5)).isoformat()
    look_back.moment = moment
    assert look_back.note == "Asking the warehouse …"
    page.drop()
    impatient()
    assert page.center.desk.has_news()
    page.center.refresh()
    assert look_back.note == command_center.MOMENT_UNANSWERED
    assert not page.center.desk.has_news()
    look_back.moment = ""
    look_back.moment = moment
    page.answer("moment", {"figures": {}, "note": "3 of 9"})
    page.center.refresh()
    assert look_back.note == "3 of 9"


def test_an_order_that_nobody_tells_is_asked_for_again(page, impatient):
    page.center._open_order("A1")
    page.drop()
    impatient()
    page.center.refresh()
    assert page.center.drawer.note == command_center.ORDER_UNANSWERED
    page.answer("order", {"order_id": "A1", "facts": "Fill", "moments": [], "rows": [{"what": "filled"}]})
    page.center.refresh()
    assert page.center.drawer.note.startswith("1 event")


def test_a_moment_is_asked_for_anew_once_more_is_known(page):
    moment = (NOW - datetime.timedelta(hours=5)).isoformat()
    page.center.look_back.moment = moment
    page.picture(100, -120)
    page.center.look_back.moment = ""
    page.center.look_back.moment = moment
    asked = [read_question(path) for path in (page.folder / QUESTIONS).glob("moment-*.json")]
    assert {question.about for question in asked} == {moment} and len(asked) == 2


def test_questions_have_names_by_which_their_kind_is_known_unopened(page):
    page.center.filters.choose("pharmacy", "PH1")
    (path,) = (page.folder / QUESTIONS).iterdir()
    assert path.name.startswith("view-")
