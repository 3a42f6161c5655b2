"""Answer every REST request in a thread of its own, so that a short query does not wait for a long one."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import fastapi.dependencies.utils
import fastapi.routing

REQUEST_THREADS = 24
FAILED = 500

log = logging.getLogger(__name__)


async def run_here(function, *arguments, **named):
    """Call a function in the request's own thread; FastAPI would take another one for it."""
    return function(*arguments, **named)


class ThreadedApplication:
    """Wrap an ASGI application: bodies travel on the caller's event loop, the work happens in threads.

    Each thread has an event loop of its own and (by `WarehouseEngine`) a DuckDB cursor of its own. A status of 500
    becomes 400: the clients repeat a 500 for ten minutes, and repeating a failing query cannot mend it.
    """

    def __init__(self, application):
        fastapi.routing.run_in_threadpool = run_here
        fastapi.dependencies.utils.run_in_threadpool = run_here
        self._application = application
        self._threads = ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="request")
        self._local = threading.local()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        body = await _read_body(receive)
        loop = asyncio.get_running_loop()
        for message in await loop.run_in_executor(self._threads, self._answer, scope, body):
            await send(message)

    def _answer(self, scope, body: bytes) -> list[dict]:
        messages: list[dict] = []
        requests = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return requests.pop() if requests else {"type": "http.disconnect"}

        async def send(message):
            messages.append(message)

        try:
            self._event_loop().run_until_complete(self._application(scope, receive, send))
        except Exception as error:  # the last line of defence: whatever failed, the caller must be told
            log.exception("request failed: %s %s", scope["method"], scope["path"])
            return _refusal(f"{type(error).__name__}: {error}")
        if messages and messages[0].get("status") == FAILED:
            return _refusal(_body_of(messages).decode(errors="replace"))
        return messages

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        if not hasattr(self._local, "loop"):
            self._local.loop = asyncio.new_event_loop()
        return self._local.loop


async def _read_body(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(parts)


def _body_of(messages: list[dict]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")


def _refusal(text: str) -> list[dict]:
    error = {"message": text, "reason": "invalidQuery", "location": "query"}
    body = json.dumps({"error": {"code": 400, "message": text, "status": "INVALID_ARGUMENT", "errors": [error]}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body.encode())).encode())]
    return [
        {"type": "http.response.start", "status": 400, "headers": headers},
        {"type": "http.response.body", "body": body.encode()},
    ]
