"""Somebody reads the warehouse for the second front: another's process while it writes, else one of its own."""

import os
import subprocess
import sys
import time

import psutil

from pbm360.operations.desk import VIEW_FILE

KEEP = """
from pbm360 import streamlit_server
from pbm360.settings import load_settings
streamlit_server.FRESH_SECONDS = 2.0
streamlit_server.keep_reading(load_settings())
"""
PATIENCE_SECONDS = 60


def reader(keeper: subprocess.Popen, *, but: int = 0) -> psutil.Process | None:
    """Return the reading process that the keeper has started, if it lives."""
    found = psutil.Process(keeper.pid).children()
    return next((child for child in found if child.pid != but and child.status() != psutil.STATUS_ZOMBIE), None)


def wait_for_reader(keeper: subprocess.Popen, *, but: int = 0) -> psutil.Process:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := reader(keeper, but=but)) is None:
        assert time.monotonic() < deadline, "nobody reads"
        time.sleep(0.1)
    return found


def test_a_reader_is_started_where_anothers_stops_and_where_its_own_ends(tmp_path):
    view = tmp_path / "operations" / VIEW_FILE
    view.parent.mkdir()
    view.write_text("{}")
    nowhere = {"PBM360_BIGQUERY_URL": "http://127.0.0.1:9", "PBM360_BIGQUERY_STORAGE_ENDPOINT": "127.0.0.1:9"}
    environment = os.environ | nowhere | {"PBM360_STATE_DIR": str(tmp_path), "PBM360_SNAPSHOT_SECONDS": "0.5"}
    keeper = subprocess.Popen([sys.executable, "-c", KEEP], env=environment)
    try:
        until = time.monotonic() + 8
        while time.monotonic() < until:  # another process writes
            view.touch()
            assert reader(keeper) is None
            time.sleep(0.1)
        own = wait_for_reader(keeper)
        own.kill()
        wait_for_reader(keeper, but=own.pid)
    finally:
        keeper.kill()
        keeper.wait(20)
