"""The proxy's keys can't be fetched: who was known stays so for a while, and nobody meets an error of ours."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from tornado.web import HTTPError

from pbm360 import dashboard_access
from pbm360.dashboard_access import ASSERTION_HEADER, KeysMissing, ProxyIdentityProvider
from pbm360.settings import Settings
from pbm360.streamlit_access import Gate
from tests.deploy.iap import AUDIENCE, Proxy, published

GONE = "http://127.0.0.1:9/public_key"  # nobody listens there


def status_for(provider, assertion):
    handler = SimpleNamespace(request=SimpleNamespace(headers={ASSERTION_HEADER: assertion}))
    try:
        with ThreadPoolExecutor(1) as thread:  # on this one the browser of other tests may keep its loop
            thread.submit(asyncio.run, provider.get_user(handler)).result()
    except HTTPError as refused:
        return refused.status_code
    return 200


@pytest.fixture
def known(monkeypatch):
    """A provider that has fetched the keys once, a proxy, and no more keys: each look fetches, and fails."""
    proxy = Proxy()
    with published(proxy) as address:
        provider = ProxyIdentityProvider(audience=AUDIENCE, keys_url=address)
        assert provider.verify(proxy.assertion())["sub"]
    monkeypatch.setattr(dashboard_access, "KEYS_KEPT_SECONDS", -1.0)
    return provider, proxy


def test_keys_that_are_young_still_hold_while_no_new_ones_come(known):
    provider, proxy = known
    assert [status_for(provider, proxy.assertion()) for _ in range(3)] == [200] * 3
    assert status_for(provider, proxy.assertion(aud="of another service")) == 401


def test_old_keys_hold_no_more_and_the_refusal_is_polite(known, monkeypatch):
    provider, proxy = known
    monkeypatch.setattr(dashboard_access, "KEYS_BELIEVED_SECONDS", -1.0)
    assert status_for(provider, proxy.assertion()) == 503


def test_a_key_that_nobody_knows_is_refused_while_keys_can_not_be_fetched(known):
    provider, _ = known
    assert status_for(provider, Proxy("key-2").assertion()) == 503


def test_without_any_key_everybody_is_refused_and_the_address_is_not_asked_for_each(monkeypatch):
    provider, asked = ProxyIdentityProvider(audience=AUDIENCE, keys_url=GONE), []
    get = dashboard_access.requests.get
    monkeypatch.setattr(dashboard_access.requests, "get", lambda *a, **k: asked.append(1) or get(*a, **k))
    assert [status_for(provider, Proxy().assertion()) for _ in range(4)] == [503] * 4
    assert len(asked) == 1
    with pytest.raises(KeysMissing):
        provider.verify(Proxy().assertion())


def test_the_keys_are_asked_for_again_once_they_can_be_had(monkeypatch):
    proxy = Proxy()
    provider = ProxyIdentityProvider(audience=AUDIENCE, keys_url=GONE)
    assert status_for(provider, proxy.assertion()) == 503
    monkeypatch.setattr(dashboard_access, "FAILED_PAUSE_SECONDS", 0.05)
    time.sleep(0.06)
    with published(proxy) as address:
        provider.keys_url = address
        assert status_for(provider, proxy.assertion()) == 200


def test_the_second_front_refuses_politely_too():
    async def figures(_):
        return PlainTextResponse("figures")

    settings = Settings(dashboards_address="0.0.0.0", iap_audience=AUDIENCE, iap_keys_url=GONE)
    app = Starlette(routes=[Route("/", figures)], middleware=[Middleware(Gate, settings=settings)])
    assert TestClient(app).get("/", headers={ASSERTION_HEADER: Proxy().assertion()}).status_code == 401
