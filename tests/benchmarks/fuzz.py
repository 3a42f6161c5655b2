"""Send the stream messages that no source should send; none stops it, and each is accounted for.

`python -m tests.benchmarks.fuzz --messages 10000 --seed 1`
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from pbm360 import broker, medallion
from pbm360.dead_letters import list_dead_letters
from pbm360.settings import Settings
from pbm360.stream.large_payloads import LARGEST_PAYLOAD_BYTES
from pbm360.stream.run import run_stream
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import fresh_warehouse
from tests.stream.counts import raw_count

PUBSUB_MESSAGE_BYTES = 10_000_000
DEEPEST = 200_000
PARSERS_DIFFER = (500, 1200)  # levels: orjson reads some 1,000, Python's own parser as many as its stack has left
ODD_NOTATIONS = (b"1e2", b"1E+2", b"1.0", b"-0.0", b"30.00")  # for which the decoder asks how a number was written
NUMBERS = ("1e400", "-1e400", "9" * 400, "-0", "0.1e-999", "18446744073709551616", "NaN", "Infinity", "1e308")
ODD_TEXTS = (
    "",
    "\x00",
    "a\x00b",
    "\ufeff",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\u202e",
    "x" * 5000,
)
WRONG = (None, True, False, 0, -1, 1.5, [], {}, [1], {"a": 1}, "", " ", "\x00", 2**63, 10**30)
MEMBERS = ("id", "source", "type", "time", "subject", "specversion", "dataschema", "data")
FIELDS = ("quantity", "patient_id", "drug_ndc", "temperature_celsius", "promised_at", "carrier", "nps", "pharmacy_id")
SIZES = (100_000, 1_000_000, 4_000_000, LARGEST_PAYLOAD_BYTES, LARGEST_PAYLOAD_BYTES + 1, 9_900_000)


@dataclass
class Outcome:
    """What became of the fuzzed messages; `received` should be all, and accepted + rejected should be received."""

    published: int
    refused_at_publish: int
    received: int
    accepted: int
    rejected: int
    in_bronze: int
    dead_letters: int
    large_objects: int
    ledger: dict[str, int]


def good(number: int) -> dict:
    """Return a good event."""
    now = datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
    event = {"specversion": "1.0", "id": f"fuzz-{number}", "source": "oms", "type": "referral_received", "time": now}
    return event | {"subject": f"F{number}", "dataschema": "order-event/1", "data": {"quantity": 30}}


def fuzzed(chance: random.Random, number: int) -> bytes:
    """Return one message of a kind drawn by chance; every tenth is good."""
    return orjson.dumps(good(number)) if number % 10 == 0 else chance.choice(KINDS)(chance, number)


def random_bytes(chance: random.Random, number: int) -> bytes:
    """Return bytes of any kind."""
    return chance.randbytes(chance.choice((1, 10, 200, 5000)))


def damaged(chance: random.Random, number: int) -> bytes:
    """Return a good event with bytes cut, dropped or put in."""
    payload, place = orjson.dumps(good(number)), chance.randrange(1, 150)
    inserted = payload[:place] + chance.randbytes(3) + payload[place:]
    return chance.choice((payload[:place], payload[:place] + payload[place + 1 :], inserted, b"\xef\xbb\xbf" + payload))


def nested(chance: random.Random, number: int) -> bytes:
    """Return an event with arrays or objects within each other, as deep as a parser may fear."""
    depth = chance.choice((10, 500, 1000, 5000, DEEPEST))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    body = opened * depth + b"1" + closed * depth
    return orjson.dumps(good(number))[:-1] + b',"extra":' + body + b"}" if chance.random() < 0.5 else body


def nested_beside_an_odd_number(chance: random.Random, number: int) -> bytes:
    """Return a good event whose number is written oddly, with a member nested as deep as one of two parsers reads."""
    depth, (opened, closed) = chance.randint(*PARSERS_DIFFER), chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    payload = orjson.dumps(good(number)).replace(b":30", b":" + chance.choice(ODD_NOTATIONS))
    return payload[:-1] + b',"extra":' + opened * depth + b"1" + closed * depth + b"}"


def odd_number(chance: random.Random, number: int) -> bytes:
    """Return an event with a number that is out of range, or none."""
    return orjson.dumps(good(number)).replace(b":30", b":" + chance.choice(NUMBERS).encode())


def odd_text(chance: random.Random, number: int) -> bytes:
    """Return an event with a text that is empty, long, or holds null bytes and the like."""
    return orjson.dumps(good(number) | {chance.choice(MEMBERS): chance.choice(ODD_TEXTS)})


def wrong_member(chance: random.Random, number: int) -> bytes:
    """Return an event one of whose members is of a wrong type, or missing."""
    event = good(number)
    name = chance.choice(MEMBERS)
    if chance.random() < 0.2:
        del event[name]
        return orjson.dumps(event)
    return _dumps(event | {name: chance.choice(WRONG)})


def wrong_field(chance: random.Random, number: int) -> bytes:
    """Return an event one of whose data fields is of a wrong type."""
    event = good(number)
    event["data"] = {chance.choice(FIELDS): chance.choice(WRONG)}
    return _dumps(event)


def repeated(chance: random.Random, number: int) -> bytes:
    """Return an event that names a member twice."""
    return orjson.dumps(good(number))[:-1] + b',"id":"again","time":7}'


KINDS = (
    *(random_bytes, damaged, nested, nested_beside_an_odd_number, odd_number),
    *(odd_text, wrong_member, wrong_field, repeated),
)


def large(number: int, size: int) -> bytes:
    """Return a good event of exactly so many bytes."""
    short = orjson.dumps(good(number) | {"padding": ""})
    return short.replace(b'"padding":""', b'"padding":"' + b"x" * (size - len(short)) + b'"')


def _dumps(event: dict) -> bytes:
    return json.dumps(event).encode()  # whose integers have any size


def fuzzed_messages(count: int, seed: int, sizes=SIZES) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Yield messages with attributes that may be odd too; the large ones among them."""
    chance = random.Random(seed)
    for number in range(count - len(sizes)):
        attributes = {"source": chance.choice(("oms", "wms", "", "\u0000", "x" * 1000))}
        if chance.random() < 0.2:
            attributes["observed_at"] = chance.choice(("", "yesterday", "2026-11-20T12:00:00Z", "9999-12-31T23:59:59Z"))
        yield fuzzed(chance, number) or b"0", attributes
    for number, size in enumerate(sizes):
        yield large(count + number, size), {"source": "oms"}


def run_fuzz(warehouse: Warehouse, folder: Path, count: int, seed: int, sizes=SIZES) -> Outcome:
    """Publish fuzzed messages, stream them, build their days, and tell what became of them."""
    settings = replace(warehouse.settings, large_payloads=str(folder))
    published = broker.publish_batches(settings, settings.topic, fuzzed_messages(count, seed, sizes))
    refused = _refused_at_publish(settings)
    state = run_stream(settings, until_idle_seconds=3)
    letters = list_dead_letters(warehouse, datetime.date(2000, 1, 1))
    ledger: Counter[str] = Counter()
    for day in medallion.stragglers(warehouse, datetime.date(9999, 12, 31)):
        report = medallion.build(warehouse, day)
        ledger.update(new=report.new_message_count, accepted=report.accepted_count, rejected=report.rejected_count)
    objects = len(list(folder.iterdir())) if folder.exists() else 0
    told = (state.received, state.accepted, state.rejected)
    return Outcome(published, refused, *told, raw_count(warehouse), len(letters), objects, dict(ledger))


def _refused_at_publish(settings: Settings) -> int:
    """Publish a message over Pub/Sub's own limit; returns how many were refused, which is all of one."""
    try:
        broker.publish_batches(settings, settings.topic, [(b"x" * (PUBSUB_MESSAGE_BYTES + 1), {})])
    except broker.BrokerError:
        return 1
    return 0


def measure(messages: int = 10_000, seed: int = 1) -> list[tuple[str, str]]:
    """Return (what, figure) rows of one run."""
    with fresh_warehouse() as warehouse:
        broker.ensure_topics(warehouse.settings)
        started = time.monotonic()
        outcome = run_fuzz(warehouse, Path(warehouse.settings.state_dir) / "large", messages, seed)
    told = f"{outcome.received:,} = {outcome.accepted:,} + {outcome.rejected:,}"
    ledger = ", ".join(f"{count:,} {name}" for name, count in outcome.ledger.items())
    return [
        ("fuzz: published; over 10 MB and refused at publish", f"{outcome.published:,}; {outcome.refused_at_publish}"),
        ("fuzz: stream received = accepted + rejected", told),
        ("fuzz: messages in bronze, dead letters", f"{outcome.in_bronze:,}, {outcome.dead_letters:,}"),
        ("fuzz: objects of messages over 8 MB", str(outcome.large_objects)),
        ("fuzz: the batch's ledger", ledger),
        ("fuzz: seconds", f"{time.monotonic() - started:.0f}"),
    ]


def main() -> None:
    """Run it with the numbers of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for what, figure in measure(arguments.messages, arguments.seed):
        print(f"{what:<60} {figure}", flush=True)


if __name__ == "__main__":
    main()
