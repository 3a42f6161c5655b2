"""Viewers of the dashboards without a browser: a page, its kernel, and what may be said to it."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass

import requests
import websocket
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

from pbm360.dashboard_kernels import KERNEL_IN_PAGE

PROTOCOL = "v1.kernel.websocket.jupyter.org"
PATIENCE_SECONDS = 60


def message(kind: str, content: dict, channel: str = "shell", metadata: dict | None = None) -> dict:
    """Make a kernel's message."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "s", "version": "5.3"}
    header |= {"date": "2026-11-20T12:00:00.000000Z"}
    return {
        "header": header,
        "parent_header": {},
        "metadata": metadata or {},
        "content": content,
        "channel": channel,
        "buffers": [],
    }


def as_binary(said: dict) -> bytes:
    """Write a message as the newer protocol has it."""
    parts = [json.dumps(said[part]).encode() for part in ("header", "parent_header", "metadata", "content")]
    return bytes(serialize_msg_to_ws_v1(parts, said["channel"]))


@dataclass
class Viewer:
    """Somebody who opened the page: their cookies, the kernel that serves them, and the page's security policy."""

    url: str
    session: requests.Session
    kernel: str
    policy: str

    @classmethod
    def arrive(cls, url: str) -> Viewer:
        session = requests.Session()
        page = session.get(url, timeout=120)
        assert page.status_code == 200, page.text
        return cls.of(url, session, page)

    @classmethod
    def of(cls, url: str, session: requests.Session, page: requests.Response) -> Viewer:
        """Return who got that page."""
        policy = page.headers["Content-Security-Policy"]
        return cls(url, session, KERNEL_IN_PAGE.search(page.text).group(1), policy)

    @property
    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)

    def connect(self, kernel: str = "", *, origin: str = "", cookies: str | None = None, protocols=()):
        """Open a socket to a kernel, one's own by default."""
        address = f"{self.url.replace('http', 'ws', 1)}api/kernels/{kernel or self.kernel}/channels?session_id=s"
        return websocket.create_connection(
            address,
            cookie=self.cookies if cookies is None else cookies,
            origin=origin or self.url.rstrip("/"),
            subprotocols=list(protocols) or None,
            timeout=PATIENCE_SECONDS,
        )

    def forget(self) -> int:
        """Say that the page is closed; returns the answer's status."""
        return close_page(self, self.kernel)


def close_page(viewer: Viewer, kernel: str) -> int:
    """Let a viewer say that the page of a kernel is closed."""
    headers = {"X-XSRFToken": viewer.session.cookies.get("_xsrf", "")}
    return viewer.session.post(f"{viewer.url}voila/api/shutdown/{kernel}", headers=headers, timeout=60).status_code


def listen(socket, kind: str, *, parent: str = "") -> tuple[dict, list[str]]:
    """Hear until a message of a kind comes (in answer to `parent`); returns it and the kinds heard on the way."""
    heard, deadline = [], time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        said = socket.recv()
        if not said:
            raise websocket.WebSocketConnectionClosedException(f"the server closed the socket; heard {heard}")
        found = _opened(said) if isinstance(said, bytes) else json.loads(said)
        heard.append(found["header"]["msg_type"])
        if heard[-1] == kind and parent in ("", found["parent_header"].get("msg_id")):
            return found, heard
    raise AssertionError(f"no {kind} came; heard {heard}")


def _opened(said: bytes) -> dict:
    count = int.from_bytes(said[:8], "little")
    offsets = [int.from_bytes(said[8 * (i + 1) : 8 * (i + 2)], "little") for i in range(count)]
    parts = [said[start:end] for start, end in zip(offsets[1:], [*offsets[2:], len(said)], strict=True)]
    names = ("header", "parent_header", "metadata", "content")
    return {name: json.loads(part) for name, part in zip(names, parts, strict=False)}


class WidgetsOfPage:
    """The widgets of a viewer's kernel, as a hostile page could reach them."""

    def __init__(self, socket):
        self.socket = socket
        self.say("comm_open", {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}})

    def say(self, kind: str, content: dict) -> None:
        said = message(kind, content, metadata={"version": "1.0.0"})
        self.socket.send(json.dumps(said))

    def states(self) -> dict[str, dict]:
        """Return the state of each widget that has one of our modules' texts, by its comm id."""
        self.say("comm_msg", {"comm_id": "control", "data": {"method": "request_states"}})
        while True:
            found, _ = listen(self.socket, "comm_msg")
            if found["content"]["data"].get("method") == "update_states":
                return {key: entry["state"] for key, entry in found["content"]["data"]["states"].items()}

    def set(self, comm_id: str, **state) -> None:
        self.say("comm_msg", {"comm_id": comm_id, "data": {"method": "update", "state": state, "buffer_paths": []}})

    def send(self, comm_id: str, content: object) -> None:
        self.say("comm_msg", {"comm_id": comm_id, "data": {"method": "custom", "content": content}})
