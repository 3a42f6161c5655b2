"""The one process that reads the warehouse for all viewers, renders the view that everybody sees, and answers them.

`python -m pbm360.operations.service` does so every `PBM360_SNAPSHOT_SECONDS`: the cost does not grow with the viewers.
Beside it run threads with connections of their own: what changes slowly is read seldom, questions are answered, and the
page of Patient Satisfaction is kept. Where one of them ends, so does the process: whoever keeps it starts it again.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pbm360.operations import answers
from pbm360.operations.desk import FAILURE_FILE, KINDS, VIEW_FILE, desk_folder, note_failure, write_json
from pbm360.operations.reading import FLOWING_FRAMES, Background, Snapshot, read_background, read_snapshot, refreshed
from pbm360.operations.view import judged_orders, operations_view
from pbm360.satisfaction.service import SatisfactionPage, run_satisfaction
from pbm360.settings import Settings, load_settings
from pbm360.warehouse import READ_ERRORS, Warehouse

READ_PATIENCE_SECONDS = 8.0  # then a failure is noted, while the read goes on
READ_SECONDS = 20.0  # then it is given up: tried again and again, it would wait longer each time
WATCH_SECONDS = 1.0
LEAST_PAUSE_SECONDS = 0.05
BACKGROUND_SNAPSHOTS = 15  # in so many the background's queries have all been asked again
LATE_ROUNDS, LEAST_LATE_SECONDS = 4, 60.0  # a background that is older than so many such rounds is said to be


class Picture:
    """The newest picture, which the threads share: written by those who read, read by those who answer."""

    def __init__(self) -> None:
        self.started_at = datetime.datetime.now(datetime.UTC)
        self.background: Background | None = None
        self.newest: tuple[Snapshot, pd.DataFrame] | None = None

    def read_background(self, warehouse: Warehouse, name: str) -> Background:
        """Return the background with one frame read anew: the first time, with all of them."""
        if self.background is None or self.newest is None:
            return read_background(warehouse)
        return refreshed(warehouse, self.background, name, self.newest[0].freshness)

    def take(self, warehouse: Warehouse, folder: Path) -> None:
        """Read the warehouse as of now and write the view that everybody sees."""
        snapshot = read_snapshot(warehouse, self.background, self.newest and self.newest[0])
        snapshot = replace(snapshot, background_late_since=self.late_since(warehouse.settings, snapshot))
        self.newest = snapshot, judged_orders(snapshot)
        write_json(folder / VIEW_FILE, operations_view(*self.newest, {}))
        (folder / FAILURE_FILE).unlink(missing_ok=True)

    def late_since(self, settings: Settings, snapshot: Snapshot) -> datetime.datetime | None:
        """Return of when the background of a snapshot is where that is too long ago (UTC), else None.

        One that was never read is as old as this picture.
        """
        since = self.started_at if snapshot.background is None else snapshot.background.flowing_since
        allowed = max(LATE_ROUNDS * BACKGROUND_SNAPSHOTS * settings.snapshot_seconds, LEAST_LATE_SECONDS)
        return since if (snapshot.as_of - since).total_seconds() > allowed else None


def run_background(picture: Picture, load: Callable[[], Settings], stop: threading.Event) -> None:
    """Read what changes slowly until `stop` is set; a failure is told, and tried again with the settings of then.

    At first all of it is read at once, then one query at a time, so that no picture waits for all of them.
    """
    warehouse, names = None, itertools.cycle(FLOWING_FRAMES)
    while not stop.is_set():
        try:
            warehouse = warehouse or Warehouse(load())
            picture.background = picture.read_background(warehouse, next(names))
            stop.wait(BACKGROUND_SNAPSHOTS * warehouse.settings.snapshot_seconds / len(FLOWING_FRAMES))
        except READ_ERRORS as error:
            print(f"{type(error).__name__} while reading the background: {error}", flush=True)
            warehouse = None
            stop.wait(WATCH_SECONDS)


class Watchdog(threading.Thread):
    """Watches the reads from a thread beside them, since the cloud's clients try again for minutes before they fail.

    It notes a read that takes longer than `READ_PATIENCE_SECONDS`, and ends the process once `parent_id` (0: any) is no
    longer its parent.
    """

    def __init__(self, parent_id: int = 0):
        super().__init__(daemon=True)
        self.parent_id = parent_id
        self.folder: Path | None = None
        self.read_since: float | None = None

    @contextmanager
    def reading(self, folder: Path) -> Iterator[None]:
        """Mark the time in which the warehouse is read."""
        self.folder, self.read_since = folder, time.monotonic()
        try:
            yield
        finally:
            self.read_since = None

    def run(self) -> None:
        """Look once a second for as long as the process lives; what goes wrong here ends it."""
        try:
            while not self.parent_id or os.getppid() == self.parent_id:
                time.sleep(WATCH_SECONDS)
                since = self.read_since
                if since is not None and time.monotonic() - since > READ_PATIENCE_SECONDS:
                    note_failure(self.folder, TimeoutError())
        finally:
            os.kill(os.getpid(), signal.SIGTERM)


def run(picture: Picture, load: Callable[[], Settings], stop: threading.Event, watchdog: Watchdog) -> None:
    """Take pictures until `stop` is set; after a failure the settings are loaded anew, since addresses may change."""
    warehouse = None
    while not stop.is_set():
        started = time.monotonic()
        settings = load() if warehouse is None else warehouse.settings
        folder = desk_folder(settings)
        try:
            warehouse = warehouse or Warehouse(settings, patience_seconds=READ_SECONDS)
            with watchdog.reading(folder):
                picture.take(warehouse, folder)
        except READ_ERRORS as error:
            note_failure(folder, error)
            print(f"{type(error).__name__}: {error}", flush=True)
            warehouse = None
        stop.wait(max(settings.snapshot_seconds - (time.monotonic() - started), LEAST_PAUSE_SECONDS))


def start_beside(work: Callable, *arguments: object) -> None:
    """Start a thread whose end ends the process: without it the page would stand still, or a part of it, unnoticed."""

    def run_and_end() -> None:
        try:
            work(*arguments)
        except Exception:
            traceback.print_exc()  # at once: the process has no time to
        finally:
            print(f"{work.__module__}.{work.__name__} has ended, and so does this process", flush=True)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=run_and_end, name=work.__name__, daemon=True).start()


def main() -> None:
    """Run as a process of its own until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m pbm360.operations.service", description=__doc__.splitlines()[0])
    parser.add_argument("--only-with-parent", type=int, default=0, metavar="PID", help="end when this parent ends")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    watchdog = Watchdog(parser.parse_args().only_with_parent)
    watchdog.start()
    stop, picture = threading.Event(), Picture()
    answerer = answers.Answerer(lambda: picture.newest)
    for kind in KINDS:
        start_beside(answers.run, answerer, kind, load_settings, stop)
    start_beside(run_background, picture, load_settings, stop)
    start_beside(run_satisfaction, SatisfactionPage(), load_settings, stop)
    status = 0
    try:
        run(picture, load_settings, stop, watchdog)
    except SystemExit:
        pass  # it was told to end
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Python would wait for the threads of a read that hangs


def _end(*_) -> None:
    raise SystemExit(0)  # also out of a client that waits before it tries again


if __name__ == "__main__":
    main()
