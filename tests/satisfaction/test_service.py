"""The page of patients tells its own failure, and never the Command Center's."""

import threading
import time
from dataclasses import replace

from pbm360.operations.desk import SATISFACTION_FAILURE_FILE, SATISFACTION_FILE, Desk, desk_folder, note_failure
from pbm360.patient_satisfaction import PatientSatisfaction
from pbm360.satisfaction import service
from pbm360.satisfaction.service import SatisfactionPage, run_satisfaction
from pbm360.settings import SettingsError


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_failure_is_noted_in_a_file_of_its_own_and_taken_back_by_the_next_success(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(service, "LEAST_SECONDS", 0.05)
    monkeypatch.setattr(service, "reading_pause", lambda _: 0.5)
    good = replace(warehouse.settings, state_dir=tmp_path)
    broken = replace(good, project="pbm-not-there")
    folder, stop = desk_folder(good), threading.Event()
    loads = iter([SettingsError("the stack is coming up"), broken, good])

    def load():
        found = next(loads)
        if isinstance(found, Exception):
            raise found
        return found

    page = PatientSatisfaction(good)
    thread = threading.Thread(target=run_satisfaction, args=(SatisfactionPage(), load, stop))
    thread.start()
    wait_for((folder / SATISFACTION_FAILURE_FILE).exists)
    page.refresh()
    assert "NotFound" in page.head.failure
    assert Desk(folder).failure() is None
    wait_for((folder / SATISFACTION_FILE).exists)
    wait_for(lambda: not (folder / SATISFACTION_FAILURE_FILE).exists())
    stop.set()
    thread.join()
    note_failure(folder, ConnectionError())  # of the Command Center
    page.refresh()
    assert (page.head.failure, page.head.as_of != "") == ("", True)
