"""An example of a receiver: take alerts as a Pub/Sub push subscription posts them, and say each in a line.

On Google Cloud a push subscription posts to such an address by itself; on a laptop `forward` stands in for it.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pbm360 import broker
from pbm360.broker import ReceivedMessage
from pbm360.settings import Settings

MOST_BYTES = 100_000
LOOPBACK = "127.0.0.1"


def receiver(tell: Callable[[dict], object], port: int = 0) -> ThreadingHTTPServer:
    """Return a server on the loopback (port 0: a free one) that hands each alert posted to it to `tell`.

    It answers 204 once `tell` is through, which acknowledges; anything that is no pushed alert gets 400.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take one push."""
            length = int(self.headers.get("Content-Length") or 0)
            try:
                tell(alert_of(self.rfile.read(length) if 0 < length <= MOST_BYTES else b""))
            except ValueError as error:
                self.send_error(400, str(error))
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_) -> None:
            """Say nothing: `tell` does."""

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


def alert_of(body: bytes) -> dict:
    """Read the alert of a push request. Raises `ValueError`."""
    try:
        found = json.loads(base64.b64decode(json.loads(body)["message"]["data"], validate=True))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("expected a push of Pub/Sub whose message holds an alert as JSON") from error
    if not isinstance(found, dict) or not {"alert_id", "message"} <= found.keys():
        raise ValueError("the message is no alert: it has no alert_id or no message")
    return found


def push_request(settings: Settings, received: ReceivedMessage) -> bytes:
    """Return the body that a push subscription would post for a message."""
    message = {
        "data": base64.b64encode(received.data).decode(),
        "attributes": received.attributes,
        "messageId": received.message_id,
        "publishTime": received.publish_time.isoformat(),
    }
    name = broker.subscription_path(settings, settings.alerts_subscription)
    return json.dumps({"message": message, "subscription": name}).encode()


def forward(settings: Settings, url: str, *, most: int = 100, timeout_seconds: float = 5.0) -> int:
    """Post the alerts that wait to a receiver and acknowledge those that it took; returns how many."""
    taken = []
    for received in broker.pull(settings, settings.alerts_subscription, most, timeout_seconds):
        request = urllib.request.Request(url, push_request(settings, received), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=timeout_seconds):
            taken.append(received.ack_id)
    broker.acknowledge(settings, settings.alerts_subscription, taken)
    return len(taken)


def receive(
    settings: Settings,
    seconds: float,
    port: int,
    stop: threading.Event,
    tell: Callable[[dict], object],
    listening: Callable[[str], object] = lambda url: None,
) -> int:
    """Run a receiver for so many seconds and hand it what the subscription holds; returns how many alerts it took."""
    server, count = receiver(tell, port), 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://{LOOPBACK}:{server.server_port}"
    listening(url)
    until = time.monotonic() + seconds
    try:
        while not stop.is_set() and time.monotonic() < until:
            count += forward(settings, url, timeout_seconds=min(5.0, max(0.5, until - time.monotonic())))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    return count
