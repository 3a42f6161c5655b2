"""The dashboards' server against misuse: code on any channel, others' kernels, foreign pages, files, hostile values."""

import http.client
import json
import urllib.parse
from pathlib import Path

import pytest
import requests
import websocket

from pbm360.dashboard_kernels import LARGEST_MESSAGE
from tests.dashboards.viewers import PROTOCOL, Viewer, WidgetsOfPage, as_binary, close_page, listen, message

NO_WIDGETS_BUSINESS = {
    "execute_request": {"code": "open({marker!r}, 'w')", "silent": True, "allow_stdin": False},
    "inspect_request": {"code": "open({marker!r}, 'w')", "cursor_pos": 3},
    "complete_request": {"code": "open({marker!r}, 'w').", "cursor_pos": 22},
    "debug_request": {"command": "initialize", "arguments": {}},
    "input_reply": {"value": "open({marker!r}, 'w')"},
    "interrupt_request": {},
    "shutdown_request": {"restart": False},
}
STRAY_PATHS = (
    "/voila/static/../../../conf.json",
    "/voila/static/..%2f..%2f..%2fconf.json",
    "/voila/static/%2e%2e/index.html.j2",
    "/voila/static/....//index.html.j2",
    "/voila/templates/pbm360/static/pbm360.css",
    "/voila/templates/pbm360/static/../index.html.j2",
    "/voila/labextensions/../../../../../../etc/passwd",
    "/voila/labextensions/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/voila/api/themes/..%2f..%2f..%2fetc%2fpasswd",
    "/voila/files/command_center.ipynb",
    "/voila/files/template/voila/templates/pbm360/conf.json",
    "/voila/api/contents/",
    "/voila/tree/",
    "/command_center.ipynb",
    "//etc/passwd",
    "/api/contents",
    "/api/kernels",
    "/api/sessions",
    "/api/terminals",
    "/operations/view.json",
)


FORGOTTEN = (204, 403, 404)  # ended now, or culled before, since nobody had spoken to it for so long


@pytest.fixture(scope="module")
def viewer(site):
    """Somebody who opened the page; their kernel ends with the tests."""
    arrived = Viewer.arrive(site.url)
    yield arrived
    assert arrived.forget() in FORGOTTEN


@pytest.fixture(scope="module")
def stranger(site):
    """Somebody else, who has a page and a kernel of their own."""
    arrived = Viewer.arrive(site.url)
    yield arrived
    assert arrived.forget() in FORGOTTEN


def refused(connect) -> int:
    """Return the status with which a socket is refused."""
    with pytest.raises(websocket.WebSocketBadStatusException) as found:
        connect()
    return found.value.status_code


def ask_for_info(socket, write):
    """Ask a kernel who it is and wait for the answer: whatever was sent before has been dealt with by then."""
    question = message("kernel_info_request", {})
    socket.send(write(question)) if write is json.dumps else socket.send_binary(write(question))
    return listen(socket, "kernel_info_reply", parent=question["header"]["msg_id"])


@pytest.mark.parametrize(("write", "protocols"), [(json.dumps, ()), (as_binary, (PROTOCOL,))])
def test_no_channel_runs_code(viewer, tmp_path, write, protocols):
    marker = tmp_path / "executed"
    socket = viewer.connect(protocols=protocols)
    send = socket.send if write is json.dumps else socket.send_binary
    for channel in ("shell", "control", "stdin", "iopub", "hb"):
        for kind, content in NO_WIDGETS_BUSINESS.items():
            filled = {
                key: value.format(marker=str(marker)) if key in ("code", "value") else value
                for key, value in content.items()
            }
            send(write(message(kind, filled, channel)))
    _, heard = ask_for_info(socket, write)
    assert not marker.exists()
    assert not {"execute_reply", "execute_input", "debug_reply", "shutdown_reply"} & set(heard)
    socket.close()


@pytest.mark.parametrize(
    "nonsense", ["", "{}", "[]", "null", '{"channel": "shell"}', '{"header": 7, "channel": []}', "\x00" * 99]
)
def test_nonsense_is_dropped_and_the_page_stays_connected(viewer, nonsense):
    socket = viewer.connect()
    socket.send(nonsense)
    assert ask_for_info(socket, json.dumps)[0]["content"]["status"] == "ok"
    socket.close()


def test_another_viewers_kernel_can_not_be_reached_by_its_id(viewer, stranger):
    address = f"{viewer.url}api/kernels/{viewer.kernel}"
    assert viewer.session.get(address, timeout=20).status_code == 200
    token = {"X-XSRFToken": stranger.session.cookies["_xsrf"]}
    assert stranger.session.get(address, timeout=20).status_code == 403
    assert stranger.session.delete(address, headers=token, timeout=20).status_code == 403
    assert close_page(stranger, viewer.kernel) == 403
    assert requests.get(address, timeout=20).status_code == 403
    assert refused(lambda: stranger.connect(viewer.kernel)) == 403
    assert refused(lambda: viewer.connect(cookies="")) == 403
    assert refused(lambda: viewer.connect(cookies=viewer.cookies.replace("|", "}"))) == 403
    assert viewer.session.get(address, timeout=20).status_code == 200


def test_a_kernel_that_waits_for_a_viewer_is_nobodys(site, viewer):
    kernels = {part.partition("kernel-")[2][:36] for part in _command_lines(site) if "kernel-" in part}
    waiting = [kernel for kernel in kernels if kernel != viewer.kernel]
    assert waiting
    for kernel in waiting:
        assert viewer.session.get(f"{site.url}api/kernels/{kernel}", timeout=20).status_code in (403, 404)
        assert refused(lambda kernel=kernel: viewer.connect(kernel)) in (403, 404)


def _command_lines(site):
    return [site.command_line(child) for child in site.children("ipykernel_launcher")]


@pytest.mark.parametrize("origin", ["http://attacker.example", "null", "http://127.0.0.1:1"])
def test_a_foreign_page_can_not_use_the_viewers_cookies(viewer, origin):
    assert refused(lambda: viewer.connect(origin=origin)) == 403
    address = f"{viewer.url}voila/api/shutdown/{viewer.kernel}"
    assert viewer.session.post(address, headers={"Origin": origin}, timeout=20).status_code in (403, 404)
    assert viewer.session.get(f"{viewer.url}api/kernels/{viewer.kernel}", timeout=20).status_code == 200


def test_the_page_can_not_be_framed_by_others_and_its_cookie_is_the_servers_alone(viewer):
    policy = dict(part.strip().split(" ", 1) for part in viewer.policy.split(";"))
    assert policy["frame-ancestors"] == "'self'"
    assert policy["connect-src"] == "'self'"  # the sockets of the page's own server are among them
    cookies = [cookie for cookie in viewer.session.cookies if cookie.name.startswith("username")]
    assert [cookie.has_nonstandard_attr("HttpOnly") for cookie in cookies] == [True]


@pytest.mark.parametrize("path", STRAY_PATHS)
def test_no_source_and_no_file_is_served(site, path):
    address = urllib.parse.urlsplit(site.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    connection.request("GET", path)  # as it stands: no client tidies it
    answer = connection.getresponse()
    body = answer.read()
    assert 400 <= answer.status < 500
    assert not any(secret in body for secret in (b"root:", b"base_template", b"block body", b"nbformat", b"as_of"))


def test_an_oversized_message_ends_the_connection_and_nothing_else(viewer):
    socket = viewer.connect()
    socket.send(json.dumps(message("comm_msg", {"comm_id": "x", "data": {"text": "x" * LARGEST_MESSAGE}})))
    with pytest.raises((websocket.WebSocketException, OSError)):
        listen(socket, "never")
    again = viewer.connect()
    assert ask_for_info(again, json.dumps)[0]["content"]["status"] == "ok"
    again.close()


def test_hostile_values_reach_nothing(site, viewer):
    socket = viewer.connect()
    page = WidgetsOfPage(socket)
    before = page.states()
    (filters,) = [key for key, state in before.items() if "chosen" in state]
    (slider,) = [key for key, state in before.items() if "moment" in state]
    (drawer,) = [key for key, state in before.items() if "order_id" in state]
    tables = [key for key, state in before.items() if "lists" in state]
    for value in ({"pharmacy": "PH1' or 1=1 --"}, {"__class__": "x"}, ["PH1"], {"pharmacy": {"a": 1}}, "x" * 9_999):
        page.set(filters, chosen=value)
    for value in ("2026-11-20", "'; drop table", "9999-99-99T00:00:00Z", {"a": 1}, "x" * 9_999):
        page.set(slider, moment=value)
    for value in ("../../etc/passwd\x00", "A1\n", "x" * 9_999, {"a": 1}, None, ["A1"]):
        for table in tables:
            page.send(table, {"kind": "open", "what": value})
    page.say("comm_open", {"comm_id": "mine", "target_name": "jupyter.widget", "data": {"state": {}}})
    after = page.states()
    assert (after[filters]["chosen"], after[slider]["moment"], after[drawer]["order_id"]) == ({}, "", "")
    assert after.keys() == before.keys()
    asked = [
        json.loads(path.read_text())
        for path in Path(site.environment["PBM360_STATE_DIR"]).glob("operations/questions/*.json")
    ]
    assert [question for question in asked if question["kind"] != "view"] == []
    socket.close()
