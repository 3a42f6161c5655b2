"""Kill pipeline, Pub/Sub and warehouse at random while events stream through them; nothing is lost or counted twice.

`python -m tests.benchmarks.chaos --events 500000 --kills 100 --seed 1`
"""

from __future__ import annotations

import argparse
import datetime
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pbm360 import broker, medallion, oms
from pbm360.local import postgres
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.warehouse import Warehouse
from tests.benchmarks.killable import ACK_DEADLINE_SECONDS, KillableStream, killable_servers
from tests.stream.counts import counted_by_minute, entered_by_minute, raw_count, unequal_events

STOCK_ORDERS, STOCK_DAYS = 1000, 5
BATCH = 500
SERVERS = ("warehouse", "Pub/Sub")
PARTS = (*SERVERS, "stream")
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 4.0
SETTLED_SECONDS = 900
OUTAGES = 4  # of a hundred kills, half of them the warehouse's: so long away that calls give up, not only try again
OUTAGE_SECONDS = (35.0, 45.0)


class Kill(NamedTuple):
    """One kill: after how long a pause whom it strikes, and how long that part stays away."""

    pause_seconds: float
    name: str
    away_seconds: float


@dataclass
class Outcome:
    """What a run came to; all but the first five should be 0."""

    published: int
    kills: dict[str, int]
    outages: list[Kill]
    seconds: float
    redelivered: int
    lost: int = 0
    unequal_in_batch: int = 0
    minutes_counted_wrong: int = 0


class Publisher(threading.Thread):
    """Publish in small batches, an equal share between two kills; what Pub/Sub did not confirm goes out again."""

    def __init__(self, settings: Settings, messages: list[tuple[bytes, dict[str, str]]]):
        super().__init__(daemon=True)
        self._settings, self._messages = settings, messages
        self.published = 0
        self.share = 0.0  # of the messages that may be out by now

    def run(self) -> None:
        """Publish all of them."""
        while self.published < len(self._messages):
            if self.published >= self.share * len(self._messages):
                time.sleep(0.05)
                continue
            batch = self._messages[self.published : self.published + BATCH]
            try:
                self.published += broker.publish_batches(self._settings, self._settings.topic, batch)
            except broker.BrokerError:  # it may have been taken all the same: then its events come twice
                time.sleep(0.2)


def run_chaos(folder: Path, settings: Settings, events: int, kills: int, outages: int, seed: int) -> Outcome:
    """Stream so many events and kill so many processes meanwhile; then build the day and compare.

    Of the kills so many are outages of 35 to 45 seconds; all else is started again at once.
    """
    messages = recent_messages(events, seed)
    servers, settings = killable_servers(folder, settings)
    parts: dict = dict(servers)
    started = time.monotonic()
    try:
        _prepare(settings)
        parts["stream"] = KillableStream(settings)
        publisher = Publisher(settings, messages)
        publisher.start()
        planned = plan_kills(kills, outages, random.Random(seed))
        kill_as_planned(parts, publisher, planned)
        publisher.join()
        warehouse = Warehouse(settings)
        _wait_until_landed(warehouse, {message[1]["key"] for message in messages})
        for part in parts.values():
            part.assert_runs()
        parts["stream"].process.terminate()
        assert parts["stream"].process.wait(240) == 0, parts["stream"].log.read_text()[-2000:]
        return _judge(warehouse, messages, planned, time.monotonic() - started)
    finally:
        for part in parts.values():
            part.kill()


def recent_messages(count: int, seed: int) -> list[tuple[bytes, dict[str, str]]]:
    """Return messages of the last days, each with a key of its own; when the pharmacy knew them is left to the stream.

    They are a simulation's last ones, defects included, again and again with other ids of events and orders.
    """
    end = datetime.datetime.now(datetime.UTC)
    simulation = simulate(SimulationParameters(orders=STOCK_ORDERS, days=STOCK_DAYS, end=end, seed=seed))
    stock = [(message.payload, message.attributes["source"]) for message in simulation.messages()][-count:]
    messages = []
    for number in range(count):
        lap, place = divmod(number, len(stock))
        payload, source = stock[place]
        messages.append((_of_lap(payload, lap), {"source": source, "key": str(number)}))
    return messages


def _of_lap(payload: bytes, lap: int) -> bytes:
    for name in (b'"id":"', b'"subject":"'):
        payload = payload.replace(name, b"%b%d-" % (name, lap), 1)
    return payload


def plan_kills(kills: int, outages: int, chance: random.Random) -> list[Kill]:
    """Draw so many kills, each part's turn once in three; `outages` of the servers' last long, as even as can be."""
    names = [name for _ in range(-(-kills // len(PARTS))) for name in chance.sample(PARTS, len(PARTS))][:kills]
    long: set[int] = set()
    for place, server in enumerate(SERVERS):
        struck = [number for number, name in enumerate(names) if name == server]
        long |= set(chance.sample(struck, (outages + place) // len(SERVERS)))
    return [
        Kill(
            chance.uniform(SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS),
            name,
            chance.uniform(*OUTAGE_SECONDS) if number in long else 0.0,
        )
        for number, name in enumerate(names)
    ]


def kill_as_planned(parts: dict, publisher: Publisher, planned: list[Kill]) -> None:
    """Kill one part after the other and start it again; the kills are spread over the publishing and its end.

    A part that has ended by itself is no victim: it fails the run.
    """
    for number, kill in enumerate(planned, start=1):
        publisher.share = number / len(planned)
        time.sleep(kill.pause_seconds)
        parts[kill.name].assert_runs()
        parts[kill.name].kill()
        time.sleep(kill.away_seconds)
        parts[kill.name].start()
        if kill.away_seconds:
            print(f"{kill.name} was away for {kill.away_seconds:.0f} s", flush=True)
        if number % 10 == 0:
            print(f"{number} kills, {publisher.published:,} published", flush=True)


def _prepare(settings: Settings) -> None:
    medallion.prepare(Warehouse(settings))
    broker.publisher(settings).create_topic(name=broker.topic_path(settings, settings.topic))
    broker.subscriber(settings).create_subscription(
        name=broker.subscription_path(settings, settings.subscription),
        topic=broker.topic_path(settings, settings.topic),
        ack_deadline_seconds=ACK_DEADLINE_SECONDS,
    )
    broker.ensure_topics(settings)


def landed_keys(warehouse: Warehouse) -> set[str]:
    """Return the keys of the messages in bronze."""
    sql = """
        select distinct json_value(attributes, '$.key') as key
        from pbm_bronze.raw_orders where known_date > date '2000-01-01'
    """
    return set(warehouse.query(sql)["key"].to_pylist())


def _wait_until_landed(warehouse: Warehouse, keys: set[str]) -> None:
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline and len(landed_keys(warehouse)) < len(keys):
        time.sleep(2)
    time.sleep(ACK_DEADLINE_SECONDS)  # what was landed and not acknowledged comes once more


def _judge(warehouse: Warehouse, messages: list, planned: list[Kill], seconds: float) -> Outcome:
    now = datetime.datetime.now(datetime.UTC)
    counted, entered = counted_by_minute(warehouse, now), entered_by_minute(warehouse, now)
    landed = landed_keys(warehouse)
    for day in medallion.stragglers(warehouse, now.date()):
        medallion.build(warehouse, day)
    victims = Counter(kill.name for kill in planned)
    outages = [kill for kill in planned if kill.away_seconds]
    outcome = Outcome(len(messages), victims, outages, seconds, raw_count(warehouse) - len(messages))
    outcome.lost = sum(attributes["key"] not in landed for _, attributes in messages)
    outcome.unequal_in_batch = unequal_events(warehouse)
    outcome.minutes_counted_wrong = sum(row not in entered for row in counted)
    outcome.minutes_counted_wrong += sum(row not in counted for row in entered)
    return outcome


def measure(events: int = 500_000, kills: int = 100, outages: int = OUTAGES, seed: int = 1) -> list[tuple[str, str]]:
    """Return (what, figure) rows of one run on servers of its own."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="pbm360-chaos-") as database:
        dsn, record = postgres.start(Path(database) / "postgres")
        try:
            settings = Settings(oms_dsn=dsn, pseudonym_key="k" * 40)
            oms.migrate(settings)
            outcome = run_chaos(Path(folder), settings, events, kills, outages, seed)
        finally:
            postgres.stop_server(record)
    killed = ", ".join(f"{count} {name}" for name, count in outcome.kills.items())
    away = ", ".join(f"{kill.name} {kill.away_seconds:.0f} s" for kill in outcome.outages) or "none"
    return [
        (f"chaos: {sum(outcome.kills.values())} kills -9", killed),
        ("chaos: of these, long outages", away),
        ("chaos: events, seconds", f"{outcome.published:,} in {outcome.seconds:,.0f} s"),
        ("chaos: messages taken twice by Pub/Sub or more", f"{outcome.redelivered:,}"),
        ("chaos: events lost", str(outcome.lost)),
        ("chaos: events of live and batch that differ in any column", str(outcome.unequal_in_batch)),
        ("chaos: minutes of a stage counted wrong", str(outcome.minutes_counted_wrong)),
    ]


def main() -> None:
    """Run it with the numbers of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--outages", type=int, default=OUTAGES, help="of the kills, that last 35 to 45 seconds")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for what, figure in measure(arguments.events, arguments.kills, arguments.outages, arguments.seed):
        print(f"{what:<60} {figure}", flush=True)


if __name__ == "__main__":
    main()
