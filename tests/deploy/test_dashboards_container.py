"""What the dashboards do differently in a container: another address, a proxy that says who it is, fewer places."""

import base64
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from pbm360.dashboard_access import ASSERTION_HEADER, NO_PROOF, ProxyIdentityProvider, access
from pbm360.dashboard_server import configuration
from pbm360.dashboards import dashboard_url, ready_file
from pbm360.settings import Settings, SettingsError, load_settings
from tests.deploy.iap import AUDIENCE, Proxy, published

START_SECONDS = 90
SERVE = "from pbm360 import dashboards, settings; dashboards.serve_dashboards(settings.load_settings())"
TOKEN = "a token that thirty-two characters make"


@pytest.fixture(scope="module")
def proxy():
    return Proxy()


@pytest.fixture(scope="module")
def keys_url(proxy):
    with published(proxy) as address:
        yield address


@pytest.fixture
def serve(make_warehouse, tmp_path):
    """Serve dashboards for one viewer under further settings; returns their address."""
    running = []

    def start(**further):
        warehouse = make_warehouse()
        variables = {
            "PBM360_PROJECT": warehouse.settings.project,
            "PBM360_BIGQUERY_URL": warehouse.settings.bigquery_url,
            "PBM360_BIGQUERY_STORAGE_ENDPOINT": warehouse.settings.bigquery_storage_endpoint,
            "PBM360_STATE_DIR": str(tmp_path),
            "PBM360_KERNEL_BUDGET": "1",
        } | further
        settings, log = load_settings(variables), tmp_path / "server.log"
        with log.open("w") as lines:
            command = [sys.executable, "-c", SERVE]
            running.append(subprocess.Popen(command, stdout=lines, stderr=lines, env=os.environ | variables))
        deadline = time.monotonic() + START_SECONDS
        while not ready_file(settings).exists():
            assert running[-1].poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        return dashboard_url(settings)

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_who_comes_through_the_proxy_gets_a_place_and_a_viewer_beyond_the_budget_is_asked_to_come_back(
    serve, proxy, keys_url
):
    url = serve(PBM360_IAP_AUDIENCE=AUDIENCE, PBM360_IAP_KEYS_URL=keys_url)
    assert requests.get(url, timeout=60).status_code == 401
    assert requests.get(url, headers={ASSERTION_HEADER: Proxy().assertion()}, timeout=60).status_code == 401
    assert requests.get(f"{url}voila/static/favicon.svg", timeout=60).status_code == 200  # is it alive?
    come = {ASSERTION_HEADER: proxy.assertion()}
    first = requests.get(url, headers=come, timeout=60)
    assert first.status_code == 200 and "</html>" in first.text
    refused = requests.get(url, headers=come, timeout=60)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "All places are taken" in refused.text and 'http-equiv="refresh"' in refused.text


def test_beyond_the_loopback_a_laptop_asks_for_its_token(serve):
    url = serve(PBM360_DASHBOARDS_TOKEN=TOKEN)
    asked = requests.get(url, timeout=60)
    assert asked.url.startswith(f"{url}login") and "kernelId" not in asked.text
    assert "kernelId" not in requests.get(url, params={"token": "another"}, timeout=60).text
    viewer = requests.Session()
    assert '"kernelId"' in viewer.get(url, params={"token": TOKEN}, timeout=60).text


@pytest.mark.parametrize(
    ("target", "wanted"), [("local", "set PBM360_DASHBOARDS_TOKEN"), ("gcp", "set PBM360_IAP_AUDIENCE")]
)
def test_an_address_beyond_the_loopback_is_refused_where_nobody_is_asked_who_it_is(target, wanted):
    with pytest.raises(SettingsError, match=wanted):
        access(Settings(target=target, dashboards_address="0.0.0.0"))


def test_a_foreign_host_name_is_taken_behind_a_proxy_alone():
    assert configuration(Settings(), 1).Voila.tornado_settings["allow_remote_access"] is False
    behind_a_proxy = configuration(Settings(dashboards_address="0.0.0.0", iap_audience=AUDIENCE), 1).Voila
    assert behind_a_proxy.ip == "0.0.0.0" and behind_a_proxy.tornado_settings["allow_remote_access"] is True


def test_an_assertion_of_the_proxy_names_its_viewer(proxy, keys_url):
    provider = ProxyIdentityProvider(audience=AUDIENCE, keys_url=keys_url)
    assert provider.verify(proxy.assertion())["sub"] == "accounts.google.com:1"


def unsigned(assertion: str) -> str:
    """Let an assertion say that it needs no signature."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "key-1"}).encode()).decode().rstrip("=")
    return f"{header}.{assertion.split('.')[1]}."


def changed(assertion: str) -> str:
    """Put other claims under a signature."""
    header, claims, signature = assertion.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"sub": "accounts.google.com:2"}
    return ".".join([header, base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("="), signature])


@pytest.mark.parametrize(
    "forge",
    [
        lambda proxy: "",
        lambda proxy: "a.b.c",
        lambda proxy: Proxy().assertion(),  # by another key that bears the same id
        lambda proxy: Proxy("key-2").assertion(),
        lambda proxy: proxy.assertion(aud="/projects/2"),
        lambda proxy: proxy.assertion(aud=None),
        lambda proxy: proxy.assertion(iss="https://accounts.google.com"),
        lambda proxy: proxy.assertion(sub=""),
        lambda proxy: proxy.assertion(iat=int(time.time()) - 900, exp=int(time.time()) - 300),
        lambda proxy: proxy.assertion(iat=int(time.time()) + 300, exp=int(time.time()) + 900),
        lambda proxy: unsigned(proxy.assertion()),
        lambda proxy: changed(proxy.assertion()),
    ],
)
def test_nothing_else_is_an_assertion_of_the_proxy(proxy, keys_url, forge):
    provider = ProxyIdentityProvider(audience=AUDIENCE, keys_url=keys_url)
    with pytest.raises(NO_PROOF):
        provider.verify(forge(proxy))
