"""Make events that happen now, at a steady rate, for benchmarks of the stream."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterable, Iterator

import orjson

from pbm360 import broker
from pbm360.domain.decode import COLUMNS, Decoder, Rejection, Stamps
from pbm360.domain.timestamps import EPOCH, MICROSECONDS_PER_SECOND, parse_microseconds
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate

EVENTS_AN_ORDER = 8
STEP_SECONDS = 0.05
EVENT_AT = COLUMNS.index("event_at")
TIME = re.compile(rb'"time":"[^"]*"')
Pair = tuple[bytes, dict[str, str]]  # a payload and its attributes


def templates(key: str, orders: int = 300) -> list[dict]:
    """Return accepted events of a small simulation, parsed, as a stock of realistic bodies."""
    end = datetime.datetime.now(datetime.UTC)
    decoder, now = Decoder(key), time.time_ns() // 1000
    messages = simulate(SimulationParameters(orders=orders, days=3, end=end, seed=7)).messages()
    payloads = [message.payload for message in messages]
    accepted = [p for p in payloads if type(decoder.decode(p, Stamps("1", now, now, now))) is not Rejection]
    return [orjson.loads(payload) for payload in accepted]


def events_now(stock: list[dict], prefix: str) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Yield events without end: each has an id of its own and has just happened."""
    number = 0
    while True:
        event = dict(stock[number % len(stock)])
        event["id"] = f"{prefix}-{number}"
        event["subject"] = f"{prefix}-order-{number // EVENTS_AN_ORDER}"
        event["time"] = datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
        yield orjson.dumps(event), {"source": event["source"]}
        number += 1


def publish_steadily(settings: Settings, events: Iterator, rate: int, seconds: float, on_step=lambda published: None):
    """Publish `rate` events a second for so long; returns how many. What is behind is caught up."""
    started, published = time.monotonic(), 0
    while (elapsed := time.monotonic() - started) < seconds:
        due = int(elapsed * rate) - published
        if due > 0:
            published += broker.publish_batches(settings, settings.topic, [next(events) for _ in range(due)])
        on_step(published)
        time.sleep(max(0.0, STEP_SECONDS - (time.monotonic() - started - elapsed)))
    return published


def recent(messages: Iterable[Pair], hours: float, end: datetime.datetime) -> list[Pair]:
    """Return the messages of a history pressed into the last hours before `end`, in their order, as a backlog is.

    Every event that is accepted happens, and is observed, so much later that none is too late to count: the gaps
    between events shrink evenly. Ids, copies and refused messages stay as they are.
    """
    messages = list(messages)
    decoder, now = Decoder("no-pseudonym-of-this-decoder-is-kept"), int(end.timestamp() * MICROSECONDS_PER_SECOND)
    instants = [_event_at(decoder, payload, now) for payload, _ in messages]
    oldest = min(instant for instant in instants if instant is not None)
    shrunk = hours * 3600 * MICROSECONDS_PER_SECOND / (now - oldest)

    def moved(instant: int, digits: str) -> str:
        moment = EPOCH + datetime.timedelta(microseconds=now - int((now - instant) * shrunk))
        return moment.isoformat(timespec=digits).replace("+00:00", "Z")

    pressed = []
    for (payload, attributes), event_at in zip(messages, instants, strict=True):
        if event_at is not None:
            payload = TIME.sub(b'"time":"%b"' % moved(event_at, "milliseconds").encode(), payload, count=1)
        observed = parse_microseconds(attributes.get("observed_at", ""))
        later = {} if observed is None else {"observed_at": moved(observed, "microseconds")}
        pressed.append((payload, attributes | later))
    return pressed


def _event_at(decoder: Decoder, payload: bytes, now: int) -> int | None:
    judged = decoder.decode(payload, Stamps("1", now, now, now))
    return None if type(judged) is Rejection else judged[EVENT_AT]
