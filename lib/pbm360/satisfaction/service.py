"""Keep the Patient Satisfaction page's file: look whether the batch's mark moved, and only then read the reports."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

from pbm360.operations.desk import (
    SATISFACTION_FAILURE_FILE,
    SATISFACTION_FILE,
    desk_folder,
    note_failure,
    write_json,
)
from pbm360.satisfaction.pace import LEAST_SECONDS, reading_pause
from pbm360.satisfaction.reading import Mark, read_mark, read_reports
from pbm360.satisfaction.view import satisfaction_view, still_so
from pbm360.settings import Settings
from pbm360.warehouse import READ_ERRORS, Warehouse


class SatisfactionPage:
    """The newest reports, rendered once a mark."""

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self.view: dict | None = None

    def take(self, warehouse: Warehouse) -> None:
        """Read and render the reports where the mark moved, and write the page as of now."""
        now = datetime.datetime.now(datetime.UTC)
        mark = read_mark(warehouse)
        if mark != self.mark or self.view is None:
            self.view, self.mark = satisfaction_view(read_reports(warehouse, mark), now), mark
        else:
            self.view = still_so(self.view, mark, now)
        folder = desk_folder(warehouse.settings)
        write_json(folder / SATISFACTION_FILE, self.view)
        (folder / SATISFACTION_FAILURE_FILE).unlink(missing_ok=True)


def run_satisfaction(page: SatisfactionPage, load: Callable[[], Settings], stop: threading.Event) -> None:
    """Keep the page until `stop` is set; after a failure the settings are loaded anew, since addresses may change."""
    warehouse, settings = None, None
    while not stop.is_set():
        try:
            settings = load() if warehouse is None else warehouse.settings
            warehouse = warehouse or Warehouse(settings)
            page.take(warehouse)
        except READ_ERRORS as error:
            print(f"{type(error).__name__} while reading the reports: {error}", flush=True)
            if settings is not None:
                note_failure(desk_folder(settings), error, SATISFACTION_FAILURE_FILE)
            warehouse = None
        stop.wait(LEAST_SECONDS if settings is None else reading_pause(settings))
