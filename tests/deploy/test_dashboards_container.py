"""What the dashboards do differently in a container: another address, and a budget of kernels."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from pbm360.dashboard_server import configuration
from pbm360.dashboards import dashboard_url, ready_file
from pbm360.settings import load_settings

START_SECONDS = 90
SERVE = "from pbm360 import dashboards, settings; dashboards.serve_dashboards(settings.load_settings())"


@pytest.fixture
def url(make_warehouse, tmp_path):
    """Serve dashboards for one viewer."""
    warehouse = make_warehouse()
    variables = {
        "PBM360_PROJECT": warehouse.settings.project,
        "PBM360_BIGQUERY_URL": warehouse.settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": warehouse.settings.bigquery_storage_endpoint,
        "PBM360_STATE_DIR": str(tmp_path),
        "PBM360_KERNEL_BUDGET": "1",
    }
    settings, log = load_settings(variables), tmp_path / "server.log"
    with log.open("w") as lines:
        command = [sys.executable, "-c", SERVE]
        process = subprocess.Popen(command, stdout=lines, stderr=lines, env=os.environ | variables)
    deadline = time.monotonic() + START_SECONDS
    while not ready_file(settings).exists():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)
    yield dashboard_url(settings)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_a_viewer_beyond_the_budget_is_asked_to_come_back(url):
    with urllib.request.urlopen(url, timeout=60) as first:
        assert first.status == 200 and b"</html>" in first.read()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, timeout=60)
    assert refused.value.code == 503
    assert int(refused.value.headers["Retry-After"]) > 0
    assert b"All places are taken" in refused.value.read()


def test_a_foreign_host_name_is_taken_behind_a_proxy_alone():
    assert configuration(1).Voila.tornado_settings["allow_remote_access"] is False
    behind_a_proxy = configuration(1, "0.0.0.0").Voila
    assert behind_a_proxy.ip == "0.0.0.0" and behind_a_proxy.tornado_settings["allow_remote_access"] is True
