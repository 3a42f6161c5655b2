"""What lies between the one process that reads the warehouse and the viewers' kernels: small files, each put in place
in one step.

`view.json` is the Command Center that everybody sees who has chosen nothing, `satisfaction.json` the page of patients;
beside each lies word of why its last read failed, where it did.
A question (a narrowed view, an order, a past moment) is a file, and so is its answer. Equal questions of several
viewers are one question. Kernels import this module and none of pandas, plotly and the cloud's clients.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pbm360.settings import Settings

VIEW_FILE, FAILURE_FILE = "view.json", "failure.json"
SATISFACTION_FILE, SATISFACTION_FAILURE_FILE = "satisfaction.json", "satisfaction_failure.json"
QUESTIONS, ANSWERS = "questions", "answers"
KINDS = ("view", "order", "moment")  # of questions, in the order in which they are answered
PATIENCE_SECONDS = 30.0  # so long a question waits: then nobody answers it any more, and who asked gives it up
ORDER_ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
OLDEST_DAYS = 400.0
MOST_CHOICES, LONGEST_CHOICE = 20, 200


class ViewMissing(LookupError):
    """No view has been written yet; the process does not run or has not finished its first read."""


class QuestionError(ValueError):
    """A question that can't be asked; the text says what was expected."""


@dataclass(frozen=True)
class ReadFailure:
    """Why the warehouse could not be read last time: when (UTC) and the kind of error, nothing more."""

    failed_at: datetime.datetime
    kind: str


@dataclass(frozen=True)
class Question:
    """One question: its kind (`view`, `order`, `moment`), what it is about, and through which choices of the filters.

    `version` makes a question new whose answer may have changed. `about` is an order's id or a moment's instant.
    """

    kind: str
    about: str = ""
    chosen: tuple[tuple[str, str], ...] = ()
    version: str = ""
    key: str = field(init=False)

    def __post_init__(self) -> None:
        """Name the question by its content. Raises `QuestionError` where it is none."""
        for value in (*(part for pair in self.chosen for part in pair), self.about, self.version):
            if not isinstance(value, str) or len(value) > LONGEST_CHOICE:
                raise QuestionError(f"a question's texts have at most {LONGEST_CHOICE} characters")
        if self.kind not in KINDS or len(self.chosen) > MOST_CHOICES:
            raise QuestionError("a question is about a view, an order or a moment")
        if self.kind == "order" and not ORDER_ID.fullmatch(self.about):
            raise QuestionError("an order id has 1 to 200 printable characters")
        if self.kind == "moment":
            _check_moment(self.about)
        object.__setattr__(self, "key", f"{self.kind}-{hashlib.sha256(self.text().encode()).hexdigest()[:32]}")

    def text(self) -> str:
        """Return the question as its file holds it."""
        pairs = [list(pair) for pair in self.chosen]
        return json.dumps({"kind": self.kind, "about": self.about, "chosen": pairs, "version": self.version})


def _check_moment(text: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    try:
        moment = datetime.datetime.fromisoformat(text)
        is_right = now - datetime.timedelta(days=OLDEST_DAYS) <= moment <= now + datetime.timedelta(minutes=1)
    except (ValueError, TypeError):
        is_right = False
    if not is_right:
        raise QuestionError(f"a moment is an instant of the last {OLDEST_DAYS:.0f} days; got {text[:40]!r}")


def read_question(path: Path) -> Question | None:
    """Return the question of a file; None for anything that is no question: a viewer's kernel is not trusted."""
    try:
        found = json.loads(path.read_text())
        pairs = tuple((key, value) for key, value in found["chosen"])
        question = Question(found["kind"], found["about"], pairs, found["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return question if question.key == path.stem else None


def desk_folder(settings: Settings) -> Path:
    """Return where the files of these settings lie."""
    return settings.state_dir / "operations"


def write_json(target: Path, content: object) -> None:
    """Put a file in place in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)  # left only where something stopped the writing


def note_failure(folder: Path, error: Exception, name: str = FAILURE_FILE) -> None:
    """Leave word that a read failed. The kind of error alone is written: its text may hold SQL or an address."""
    failed_at = datetime.datetime.now(datetime.UTC).isoformat()
    write_json(folder / name, {"failed_at": failed_at, "kind": type(error).__name__})


def read_view(folder: Path, name: str = VIEW_FILE) -> dict:
    """Return the page of that name that everybody sees. Raises `ViewMissing` where none has been written."""
    try:
        return json.loads((folder / name).read_bytes())
    except FileNotFoundError:
        raise ViewMissing(f"no view in {folder.name}/; is `python -m pbm360.operations.service` running?") from None


class Desk:
    """What a viewer's kernel holds: it tells whether there is news, returns the view, asks and takes answers.

    A question that has waited for `PATIENCE_SECONDS` is given up, so that it, or the next of its kind, is asked again.
    """

    def __init__(self, folder: Path, view_file: str = VIEW_FILE, failure_file: str = FAILURE_FILE):
        self.folder = folder
        self.view_file, self.failure_file = view_file, failure_file
        self._marked = [str(folder / name) for name in (view_file, failure_file)]  # looked at many times a second
        self._seen: tuple = (None, None)
        self._waiting: dict[str, Question] = {}
        self._last: dict[str, Question] = {}
        self._asked_at: dict[str, float] = {}  # by kind, of what waits

    def has_news(self) -> bool:
        """Tell whether a view, a failure or an answer came since the last look, or a question has waited for too long.

        Costs a few looks at the folder.
        """
        is_answered = any(self._is_answered(each) for each in self._waiting.values())
        return is_answered or self._mark() != self._seen or bool(self._unanswered())

    def view(self) -> dict:
        """Return the newest view; raises `ViewMissing` where there is none."""
        self._seen = self._mark()
        return read_view(self.folder, self.view_file)

    def failure(self) -> ReadFailure | None:
        """Return why the newest read failed, or None where it succeeded."""
        try:
            found = json.loads((self.folder / self.failure_file).read_text())
        except FileNotFoundError:
            return None
        return ReadFailure(datetime.datetime.fromisoformat(found["failed_at"]), found["kind"])

    def ask(self, question: Question) -> None:
        """Ask; a question takes the place of the one of its kind before, and the same is not asked twice."""
        if self._last.get(question.kind) != question:
            self._last[question.kind] = self._waiting[question.kind] = question
            self._asked_at[question.kind] = time.monotonic()
            if not self._is_answered(question):
                write_json(self.folder / QUESTIONS / f"{question.key}.json", json.loads(question.text()))

    def is_waiting(self, kind: str) -> bool:
        """Tell whether a question of this kind has no answer yet."""
        return kind in self._waiting

    def forget(self, kind: str) -> None:
        """Wait no more for an answer to a question of this kind."""
        self._last.pop(kind, None)
        self._waiting.pop(kind, None)

    def give_up(self) -> list[str]:
        """Wait no more for what has waited for too long; returns the kinds of these questions."""
        kinds = self._unanswered()
        for kind in kinds:
            self.forget(kind)
        return kinds

    def take(self) -> Iterator[tuple[str, dict]]:
        """Yield the kind and content of each answer that has come."""
        for kind, question in list(self._waiting.items()):
            try:
                answer = json.loads((self.folder / ANSWERS / f"{question.key}.json").read_bytes())
            except FileNotFoundError:
                continue
            del self._waiting[kind]
            yield kind, answer

    def _unanswered(self) -> list[str]:
        now = time.monotonic()
        return [
            kind
            for kind, question in self._waiting.items()
            if now - self._asked_at[kind] > PATIENCE_SECONDS and not self._is_answered(question)
        ]

    def _is_answered(self, question: Question) -> bool:
        return (self.folder / ANSWERS / f"{question.key}.json").exists()

    def _mark(self) -> tuple:
        return tuple(_version(path) for path in self._marked)


def _version(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (a Path costs more than the look)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
