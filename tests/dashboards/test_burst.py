"""Many viewers who come at once: no more of them than there are places, and as many as there are."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from tests.dashboards.conftest import SERVE, START_SECONDS
from tests.dashboards.viewers import Viewer

BUDGET, BURST = 3, 8


@pytest.fixture(scope="module")
def small_site(tmp_path_factory):
    """Dashboards with a few places; there is no warehouse, which their pages say."""
    state_dir = tmp_path_factory.mktemp("burst")
    log, ready = state_dir / "server.log", state_dir / "dashboards.json"
    environment = os.environ | {
        "PBM360_STATE_DIR": str(state_dir),
        "PBM360_KERNEL_BUDGET": str(BUDGET),
        "PBM360_BIGQUERY_URL": "http://127.0.0.1:9",
    }
    with log.open("w") as lines:
        process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=lines, stderr=lines, env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        yield json.loads(ready.read_text())["url"]
    finally:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert psutil.wait_procs(children, 10)[1] == []


def test_viewers_who_come_at_once_get_as_many_places_as_there_are_and_leave_them_free(small_site):
    sessions = [requests.Session() for _ in range(BURST)]
    with ThreadPoolExecutor(BURST) as threads:
        answers = list(threads.map(lambda session: session.get(small_site, timeout=120), sessions))
    assert sorted(answer.status_code for answer in answers) == [200] * BUDGET + [503] * (BURST - BUDGET)
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert "All places are taken" in refused.text and int(refused.headers["Retry-After"]) > 0
    let_in = [pair for pair in zip(sessions, answers, strict=True) if pair[1].status_code == 200]
    viewers = [Viewer.of(small_site, session, page) for session, page in let_in]
    assert [viewer.forget() for viewer in viewers] == [204] * BUDGET
    assert [Viewer.arrive(small_site).forget() for _ in range(BUDGET + 1)] == [204] * (BUDGET + 1)
