"""Answer the questions that viewers leave on the desk: a thread and a connection for each kind, for all viewers.

So a past moment, which takes seconds, or an order whose query is tried again and again, keeps no view waiting.
"""

from __future__ import annotations

import datetime
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from pbm360.operations.desk import (
    ANSWERS,
    KINDS,
    PATIENCE_SECONDS,
    QUESTIONS,
    Question,
    desk_folder,
    read_question,
    write_json,
)
from pbm360.operations.reading import AT_RISK_SHARE, Snapshot
from pbm360.operations.view import moment_view, operations_view, order_view
from pbm360.settings import Settings
from pbm360.warehouse import READ_ERRORS, Warehouse

LOOK_SECONDS = 0.05
QUERY_SECONDS = 20.0  # a query that takes longer fails: less than the patience, so that another question has its turn
KEPT_SECONDS = 120.0  # an answer is kept so long
MOST_WAITING = 100  # of a kind
MOMENTS_REMEMBERED = 8
MOMENT_SECONDS = 60.0  # what is known of a past moment is as old at most, since more becomes known


class Answerer:
    """Answers questions of the newest picture, which `current` returns: the snapshot and its judged orders."""

    def __init__(self, current: Callable[[], tuple[Snapshot, pd.DataFrame] | None]):
        self.current = current
        self._moments: OrderedDict[str, tuple[datetime.datetime, pd.DataFrame]] = OrderedDict()

    def answer_waiting(self, warehouse: Warehouse, folder: Path, kinds: Sequence[str] = KINDS) -> int:
        """Answer what waits in the folder, kind by kind, the oldest first; returns how many were answered.

        What is no question, or waits for too long, is removed. A question that fails keeps no other one from its
        answer: where the warehouse failed, it waits for the next time, and the first such error is raised at the end.
        """
        answered, failure = 0, None
        for path in _waiting(folder, kinds):
            try:
                answered += self._answer_file(warehouse, folder, path)
            except READ_ERRORS as error:
                failure = failure or error
            except Exception:  # whatever a question brings about, it must not end those who answer
                traceback.print_exc()
                path.unlink(missing_ok=True)
        if failure is not None:
            raise failure
        return answered

    def _answer_file(self, warehouse: Warehouse, folder: Path, path: Path) -> bool:
        question, current = read_question(path), self.current()
        if question is not None and current is None:
            return False  # nothing has been read yet
        if question is not None:
            write_json(folder / ANSWERS / path.name, self._answer(warehouse, question, *current))
        path.unlink(missing_ok=True)
        return question is not None

    def _answer(self, warehouse: Warehouse, question: Question, snapshot: Snapshot, orders: pd.DataFrame) -> dict:
        chosen = dict(question.chosen)
        if question.kind == "view":
            return operations_view(snapshot, orders, chosen)
        if question.kind == "order":
            reported = question.about.partition(" (")[0]
            events = warehouse.run("dashboards/order_events.sql", {"order_id": reported}).to_pandas()
            return order_view(question.about, orders, events)
        known_at, rows = self._moment(warehouse, datetime.datetime.fromisoformat(question.about))
        return moment_view(rows, snapshot.stages, chosen, known_at)

    def _moment(self, warehouse: Warehouse, moment: datetime.datetime) -> tuple[datetime.datetime, pd.DataFrame]:
        """Return when a past moment was read (UTC) and its rows (sql/dashboards/moment.sql)."""
        key, now = moment.isoformat(), datetime.datetime.now(datetime.UTC)
        known = self._moments.get(key)
        if known is None or (now - known[0]).total_seconds() > MOMENT_SECONDS:
            parameters = {"moment": moment, "at_risk_share": AT_RISK_SHARE}
            self._moments[key] = now, warehouse.run("dashboards/moment.sql", parameters).to_pandas()
            self._moments.move_to_end(key)
            while len(self._moments) > MOMENTS_REMEMBERED:
                self._moments.popitem(last=False)
        return self._moments[key]


def run(answerer: Answerer, kind: str, load: Callable[[], Settings], stop: threading.Event) -> None:
    """Answer the questions of a kind until `stop` is set; after a failure the settings are loaded anew, since addresses
    may change."""
    warehouse, swept_at = None, 0.0
    while not stop.is_set():
        try:
            warehouse = warehouse or Warehouse(load(), patience_seconds=QUERY_SECONDS)
            folder = desk_folder(warehouse.settings)
            answerer.answer_waiting(warehouse, folder, (kind,))
            if time.monotonic() - swept_at > KEPT_SECONDS / 10:
                forget_old(folder)
                swept_at = time.monotonic()
        except READ_ERRORS as error:
            print(f"{type(error).__name__} while answering ({kind}): {error}", flush=True)
            warehouse = None
            stop.wait(1.0)
        stop.wait(LOOK_SECONDS)


def forget_old(folder: Path) -> None:
    """Remove the answers that nobody can be waiting for."""
    for path in (folder / ANSWERS).glob("*.json"):
        if _age_seconds(path) > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _waiting(folder: Path, kinds: Sequence[str]) -> list[Path]:
    """Return the questions of these kinds; what has no kind, waits for too long or is too much is removed."""
    ages = {path: _age_seconds(path) for path in (folder / QUESTIONS).glob("*.json")}
    found: dict[str, list[Path]] = {kind: [] for kind in kinds}
    for path in sorted(ages, key=ages.__getitem__, reverse=True):
        kind = path.name.partition("-")[0]
        if kind not in KINDS or ages[path] > PATIENCE_SECONDS:
            path.unlink(missing_ok=True)
        elif kind in found:
            found[kind].append(path)
    for paths in found.values():
        for path in paths[:-MOST_WAITING]:
            path.unlink(missing_ok=True)
    return [path for kind in kinds for path in found[kind][-MOST_WAITING:]]


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
