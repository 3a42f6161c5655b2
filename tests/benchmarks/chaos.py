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
from dataclasses import dataclass
from pathlib import Path

from pbm360 import broker, medallion, oms
from pbm360.local import postgres
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.warehouse import Warehouse
from tests.benchmarks.killable import ACK_DEADLINE_SECONDS, KillableStream, killable_servers
from tests.stream.counts import counted_by_minute, entered_by_minute, live_keys, raw_count

STOCK_ORDERS, STOCK_DAYS = 1000, 5
BATCH = 500
LONGEST_PAUSE_SECONDS = 4.0
SETTLED_SECONDS = 900
SILVER = "select source, event_id from pbm_silver.stg_order_events"
UNEQUAL = """
    with standing as (
        select source, event_id, message_id, order_id, event_type, event_at, known_at, stage, patient_key
        from pbm_live.order_events
        qualify row_number() over (partition by source, event_id order by known_at, message_id, ingested_at) = 1
    )
    select count(*) as n
    from pbm_silver.stg_order_events as batch_events
    full outer join standing
        on standing.source = batch_events.source and standing.event_id = batch_events.event_id
    where
        standing.event_id is null
        or batch_events.event_id is null
        or standing.message_id != batch_events.message_id
        or standing.order_id != batch_events.order_id
        or standing.event_type != batch_events.event_type
        or standing.event_at != batch_events.event_at
        or standing.known_at != batch_events.known_at
        or coalesce(standing.stage, '') != coalesce(batch_events.stage, '')
        or coalesce(standing.patient_key, '') != coalesce(batch_events.patient_key, '')
"""


@dataclass
class Outcome:
    """What a run came to; all but the first four should be 0."""

    published: int
    kills: dict[str, int]
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


def run_chaos(folder: Path, settings: Settings, events: int, kills: int, seed: int) -> Outcome:
    """Stream so many events and kill so many processes meanwhile; then build the day and compare."""
    messages = recent_messages(events, seed)
    servers, settings = killable_servers(folder, settings)
    parts: dict = dict(servers)
    started = time.monotonic()
    try:
        _prepare(settings)
        parts["stream"] = KillableStream(settings)
        publisher = Publisher(settings, messages)
        publisher.start()
        victims = kill_at_random(parts, publisher, kills, random.Random(seed))
        publisher.join()
        warehouse = Warehouse(settings)
        _wait_until_landed(warehouse, {message[1]["key"] for message in messages})
        parts["stream"].process.terminate()
        assert parts["stream"].process.wait(240) == 0, parts["stream"].log.read_text()[-2000:]
        return _judge(warehouse, messages, victims, time.monotonic() - started)
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


def kill_at_random(parts: dict, publisher: Publisher, kills: int, chance: random.Random) -> dict[str, int]:
    """Kill one part after the other and start it again; the kills are spread over the publishing and its end."""
    victims = dict.fromkeys(parts, 0)
    names: list[str] = []
    for number in range(kills):
        publisher.share = (number + 1) / kills
        time.sleep(chance.uniform(0.2, LONGEST_PAUSE_SECONDS))
        names = names or chance.sample(sorted(parts), len(parts))
        name = names.pop()
        parts[name].kill()
        parts[name].start()
        victims[name] += 1
        if sum(victims.values()) % 10 == 0:
            print(f"{sum(victims.values())} kills, {publisher.published:,} published", flush=True)
    return victims


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


def _judge(warehouse: Warehouse, messages: list, victims: dict[str, int], seconds: float) -> Outcome:
    now = datetime.datetime.now(datetime.UTC)
    counted, entered = counted_by_minute(warehouse, now), entered_by_minute(warehouse, now)
    landed = landed_keys(warehouse)
    for day in medallion.stragglers(warehouse, now.date()):
        medallion.build(warehouse, day)
    outcome = Outcome(len(messages), victims, seconds, raw_count(warehouse) - len(messages))
    outcome.lost = sum(attributes["key"] not in landed for _, attributes in messages)
    outcome.unequal_in_batch = warehouse.query(UNEQUAL).to_pylist()[0]["n"]
    outcome.unequal_in_batch += len(live_keys(warehouse) ^ batch_keys(warehouse))
    outcome.minutes_counted_wrong = sum(row not in entered for row in counted)
    outcome.minutes_counted_wrong += sum(row not in counted for row in entered)
    return outcome


def batch_keys(warehouse: Warehouse) -> set[tuple[str, str]]:
    """Return the (source, event id) of every event in silver."""
    return {(row["source"], row["event_id"]) for row in warehouse.query(SILVER).to_pylist()}


def measure(events: int = 500_000, kills: int = 100, seed: int = 1) -> list[tuple[str, str]]:
    """Return (what, figure) rows of one run on servers of its own."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="pbm360-chaos-") as database:
        dsn, record = postgres.start(Path(database) / "postgres")
        try:
            settings = Settings(oms_dsn=dsn, pseudonym_key="k" * 40)
            oms.migrate(settings)
            outcome = run_chaos(Path(folder), settings, events, kills, seed)
        finally:
            postgres.stop_server(record)
    killed = ", ".join(f"{count} {name}" for name, count in outcome.kills.items())
    return [
        (f"chaos: {sum(outcome.kills.values())} kills -9", killed),
        ("chaos: events, seconds", f"{outcome.published:,} in {outcome.seconds:,.0f} s"),
        ("chaos: messages taken twice by Pub/Sub or more", f"{outcome.redelivered:,}"),
        ("chaos: events lost", str(outcome.lost)),
        ("chaos: events of live and batch that differ", str(outcome.unequal_in_batch)),
        ("chaos: minutes of a stage counted wrong", str(outcome.minutes_counted_wrong)),
    ]


def main() -> None:
    """Run it with the numbers of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for what, figure in measure(arguments.events, arguments.kills, arguments.seed):
        print(f"{what:<60} {figure}", flush=True)


if __name__ == "__main__":
    main()
