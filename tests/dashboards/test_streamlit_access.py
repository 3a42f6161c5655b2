"""The gate of the second front: nothing is served and no socket opened to whom nobody vouches for."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pbm360.dashboard_access import ASSERTION_HEADER
from pbm360.settings import Settings, SettingsError
from pbm360.streamlit_access import COOKIE, HEALTH, Gate
from pbm360.streamlit_server import serve_streamlit
from tests.deploy.iap import AUDIENCE, Proxy, published

TOKEN = "a token that thirty-two characters make"
SOCKET = "/_stcore/stream"


async def figures(_):
    return PlainTextResponse("figures")


async def stream(socket):
    await socket.accept()
    await socket.send_text("figures")
    await socket.close()


def front(address: str = "http://127.0.0.1:8501", **settings) -> TestClient:
    """Put the gate before a page and a socket, under an address."""
    routes = [Route("/", figures), Route(HEALTH, figures), WebSocketRoute(SOCKET, stream)]
    app = Starlette(routes=routes, middleware=[Middleware(Gate, settings=Settings(**settings))])
    return TestClient(app, base_url=address, follow_redirects=False)


def opens(client: TestClient, **headers) -> bool:
    """Tell whether a socket is opened."""
    try:
        with client.websocket_connect(SOCKET, headers=headers) as socket:
            return socket.receive_text() == "figures"
    except WebSocketDisconnect:
        return False


def test_a_laptops_own_user_is_asked_nothing():
    client = front()
    assert client.get("/").text == "figures"
    assert opens(client, origin="http://127.0.0.1:8501", host="127.0.0.1:8501")
    assert front("http://localhost:8501").get("/").status_code == 200


def test_a_foreign_name_or_page_reaches_nothing():
    assert front("http://attacker.example:8501").get("/").status_code == 403
    assert front("http://127.0.0.1.attacker.example").get("/").status_code == 403
    assert not opens(front(), origin="http://attacker.example", host="127.0.0.1:8501")
    assert not opens(front(), origin="http://127.0.0.1:9999", host="127.0.0.1:8501")
    assert not opens(front(), origin="null", host="127.0.0.1:8501")


def test_beyond_the_loopback_the_token_is_asked_for_and_leaves_the_address():
    client = front("http://laptop:8501", dashboards_address="0.0.0.0", dashboards_token=TOKEN)
    refused = client.get("/")
    assert (refused.status_code, "figures" in refused.text, 'name="token"' in refused.text) == (401, False, True)
    assert client.get("/", params={"token": "another"}).status_code == 401
    assert not opens(client, origin="http://laptop:8501", host="laptop:8501")
    assert not opens(client, origin="http://laptop:8501", host="laptop:8501", cookie=f"{COOKIE}={TOKEN}")
    assert client.get(HEALTH).status_code == 200
    welcomed = client.get("/", params={"token": TOKEN})
    assert (welcomed.status_code, welcomed.headers["location"]) == (303, "/")
    assert "HttpOnly" in welcomed.headers["set-cookie"] and TOKEN not in welcomed.headers["set-cookie"]
    assert client.get("/").text == "figures"
    cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    assert opens(client, origin="http://laptop:8501", host="laptop:8501", cookie=cookie)


def test_behind_the_proxy_its_assertion_is_verified_on_pages_and_sockets():
    proxy = Proxy()
    with published(proxy) as keys_url:
        settings = {"dashboards_address": "0.0.0.0", "iap_audience": AUDIENCE, "iap_keys_url": keys_url}
        client = front("https://front.example", **settings)
        for assertion in ("", "a.b.c", Proxy().assertion(), proxy.assertion(aud="/projects/2")):
            assert client.get("/", headers={ASSERTION_HEADER: assertion}).status_code == 401
            assert not opens(client, **{ASSERTION_HEADER: assertion})
        assert client.get("/").status_code == 401
        assert client.get("/", headers={ASSERTION_HEADER: proxy.assertion()}).text == "figures"
        assert opens(client, **{ASSERTION_HEADER: proxy.assertion()})
        assert client.get(HEALTH).status_code == 200


@pytest.mark.parametrize(
    ("target", "wanted"), [("local", "set PBM360_DASHBOARDS_TOKEN"), ("gcp", "set PBM360_IAP_AUDIENCE")]
)
def test_an_open_door_is_not_served(target, wanted):
    with pytest.raises(SettingsError, match=wanted):
        serve_streamlit(Settings(target=target, dashboards_address="0.0.0.0"))
