"""Answer the questions that viewers leave on the desk: one thread and one connection for all of them."""

from __future__ import annotations

import datetime
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from google.api_core.exceptions import GoogleAPICallError, RetryError
from requests.exceptions import RequestException

from pbm360.operations.desk import ANSWERS, QUESTIONS, Question, desk_folder, read_question, write_json
from pbm360.operations.reading import AT_RISK_SHARE, Snapshot
from pbm360.operations.view import moment_view, operations_view, order_view
from pbm360.settings import Settings
from pbm360.warehouse import Warehouse

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 30.0  # an older question is dropped: nobody waits any more
KEPT_SECONDS = 120.0  # an answer is kept so long
MOST_WAITING = 100
MOMENTS_REMEMBERED = 8


class Answerer:
    """Answers questions of the newest picture, which `current` returns: the snapshot and its judged orders."""

    def __init__(self, current: Callable[[], tuple[Snapshot, pd.DataFrame] | None]):
        self.current = current
        self._moments: OrderedDict[str, pd.DataFrame] = OrderedDict()

    def answer_waiting(self, warehouse: Warehouse, folder: Path) -> int:
        """Answer what waits in the folder, the oldest first; returns how many were answered.

        What is no question, or waits for too long, is removed. Raises what the warehouse raises; the question then
        waits.
        """
        answered = 0
        for path in _waiting(folder):
            question, current = read_question(path), self.current()
            if question is not None and current is None:
                continue  # nothing has been read yet
            if question is not None:
                write_json(folder / ANSWERS / path.name, self._answer(warehouse, question, *current))
                answered += 1
            path.unlink(missing_ok=True)
        return answered

    def _answer(self, warehouse: Warehouse, question: Question, snapshot: Snapshot, orders: pd.DataFrame) -> dict:
        chosen = dict(question.chosen)
        if question.kind == "view":
            return operations_view(snapshot, orders, chosen)
        if question.kind == "order":
            reported = question.about.partition(" (")[0]
            events = warehouse.run("dashboards/order_events.sql", {"order_id": reported}).to_pandas()
            return order_view(question.about, orders, events)
        moment = datetime.datetime.fromisoformat(question.about)
        return moment_view(self._moment(warehouse, moment), snapshot.stages, chosen)

    def _moment(self, warehouse: Warehouse, moment: datetime.datetime) -> pd.DataFrame:
        key = moment.isoformat()
        if key not in self._moments:
            parameters = {"moment": moment, "at_risk_share": AT_RISK_SHARE}
            self._moments[key] = warehouse.run("dashboards/moment.sql", parameters).to_pandas()
            while len(self._moments) > MOMENTS_REMEMBERED:
                self._moments.popitem(last=False)
        return self._moments[key]


def run(answerer: Answerer, load: Callable[[], Settings], stop: threading.Event) -> None:
    """Answer until `stop` is set; after a failure the settings are loaded anew, since addresses may change."""
    warehouse, swept_at = None, 0.0
    while not stop.is_set():
        try:
            warehouse = warehouse or Warehouse(load())
            folder = desk_folder(warehouse.settings)
            answerer.answer_waiting(warehouse, folder)
            if time.monotonic() - swept_at > KEPT_SECONDS / 10:
                forget_old(folder)
                swept_at = time.monotonic()
        except (GoogleAPICallError, RetryError, RequestException, ValueError) as error:
            print(f"{type(error).__name__} while answering: {error}", flush=True)
            warehouse = None
            stop.wait(1.0)
        stop.wait(LOOK_SECONDS)


def forget_old(folder: Path) -> None:
    """Remove the answers that nobody can be waiting for."""
    for path in (folder / ANSWERS).glob("*.json"):
        if _age_seconds(path) > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _waiting(folder: Path) -> list[Path]:
    found = sorted((folder / QUESTIONS).glob("*.json"), key=_age_seconds, reverse=True)
    dropped = {path for path in found if _age_seconds(path) > PATIENCE_SECONDS} | set(found[:-MOST_WAITING])
    for path in dropped:
        path.unlink(missing_ok=True)
    return [path for path in found if path not in dropped]


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
