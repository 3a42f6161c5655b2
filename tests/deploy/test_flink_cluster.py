"""Stopping the Flink cluster ends its own processes, and none that has got the id of one since."""

import importlib.util
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "deploy" / "java" / "flink" / "cluster.py"
SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """The module, with a state of the test's own."""
    specification = importlib.util.spec_from_file_location("cluster", FILE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "STATE", tmp_path / "cluster.json")
    return module


def test_a_stale_file_kills_nobody_elses_process(cluster):
    stranger = subprocess.Popen(SLEEP)
    own = subprocess.Popen([*SLEEP, "-cp", f"{cluster.JARS}/*", cluster.JOB_MANAGER])
    try:
        state = {"processes": {"job_server": stranger.pid, "job_manager": own.pid}}
        cluster.STATE.write_text(json.dumps(state))
        cluster.stop()
        assert own.wait(10) == -signal.SIGTERM
        assert stranger.poll() is None, "a process that is no part of the cluster was killed"
        assert not cluster.STATE.exists()
    finally:
        for process in (stranger, own):
            process.kill()
            process.wait()
