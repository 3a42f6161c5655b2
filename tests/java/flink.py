"""Replay bronze on a Flink of two task managers, kill one of them on the way, and count: `make test-flink`.

A program and not among the tests, which need Python's packages alone. What plain Python finds in the same messages is
what the tables must hold: every message, every event, each minute's count.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from pbm360 import medallion
from pbm360.domain.decode import COLUMNS, Decoder, Rejection
from pbm360.local import stack
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream.blocks import Message, receive
from pbm360.stream.landing import raw_row
from pbm360.stream.sinks import EVENT_SCHEMA, RAW_SCHEMA
from pbm360.warehouse import Warehouse

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "deploy" / "java" / "flink" / "cluster.py"
EVENTS = 1_000_000
ROWS_A_BLOCK, BLOCKS_A_FILE = 5_000, 10
KEY = "the-key-of-this-replay-0123456789abcdef"
END = datetime.datetime(2026, 11, 20, 18, 0, tzinfo=datetime.UTC)
DONE_SECONDS = 3000
SOURCE, EVENT_ID, EVENT_AT, STAGE = (COLUMNS.index(name) for name in ("source", "event_id", "event_at", "stage"))


@dataclass
class Expected:
    """What plain Python finds in the messages."""

    messages: int = 0
    refused: int = 0
    events: set[tuple[str, str]] = field(default_factory=set)
    minutes: Counter = field(default_factory=Counter)  # (minute in seconds since 1970, stage)
    batches: list[pa.RecordBatch] = field(default_factory=list)  # a row each accepted message, copies of events too
    _rows: list[list] = field(default_factory=list)

    def add(self, message: Message, decoder: Decoder) -> None:
        """Judge one message and count it."""
        self.messages += 1
        row = decoder.decode(message.payload, message.stamps)
        if isinstance(row, Rejection):
            self.refused += 1
            return
        self._rows.append(row)
        if len(self._rows) == ROWS_A_BLOCK:
            self._end_batch()
        if (row[SOURCE], row[EVENT_ID]) not in self.events:
            self.events.add((row[SOURCE], row[EVENT_ID]))
            if row[STAGE] is not None:
                self.minutes[row[EVENT_AT] // 60_000_000 * 60, row[STAGE]] += 1

    def rows(self) -> pa.Table:
        """Return a row for each accepted message, typed as in live, by message."""
        if self._rows:
            self._end_batch()
        return pa.Table.from_batches(self.batches, EVENT_SCHEMA).sort_by("message_id")

    def _end_batch(self) -> None:
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(values, kind.type) for values, kind in zip(columns, EVENT_SCHEMA, strict=True)]
        self.batches.append(pa.record_batch(arrays, schema=EVENT_SCHEMA))
        self._rows = []


def main() -> int:
    """Prepare, replay, kill, compare."""
    count = int(sys.argv[1]) if sys.argv[1:] else EVENTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.monotonic()
        expected = write_bronze(folder / "bronze", count)
        print(f"{expected.messages:,} messages written and counted by plain Python in {since(started)}", flush=True)
        settings = Settings(state_dir=folder / "state", pseudonym_key=KEY)
        stack.up(settings)
        try:
            replay(settings, folder / "bronze", expected)
        finally:
            subprocess.run([sys.executable, str(CLUSTER), "stop"], check=True)
            stack.down(settings)
    return 0


def write_bronze(folder: Path, count: int) -> Expected:
    """Write simulated messages as files of bronze; returns what plain Python finds in them."""
    folder.mkdir()
    expected, decoder, rows = Expected(), Decoder(KEY), []
    for message in received(count):
        expected.add(message, decoder)
        rows.append(raw_row(message))
        if len(rows) == ROWS_A_BLOCK * BLOCKS_A_FILE or expected.messages == count:
            columns = [
                pa.array(values, kind.type) for values, kind in zip(zip(*rows, strict=True), RAW_SCHEMA, strict=True)
            ]
            table = pa.table(columns, schema=RAW_SCHEMA)
            parquet.write_table(table, folder / f"{expected.messages:09}.parquet", row_group_size=ROWS_A_BLOCK)
            rows = []
    return expected


def received(count: int) -> Iterator[Message]:
    """Yield so many messages of a simulation, as the stream receives them."""
    parameters = SimulationParameters(orders=count // 10, days=60, end=END, seed=9)
    now = int(END.timestamp()) * 1_000_000
    for number, message in zip(range(count), simulate(parameters).messages(), strict=False):
        yield receive(f"m{number}", now, message.attributes, message.payload, now)


def replay(settings: Settings, bronze: Path, expected: Expected) -> None:
    """Run the pipeline on the cluster, kill a task manager once a third has landed, and compare."""
    addresses = json.loads(settings.stack_file.read_text())["addresses"]
    settings = Settings(state_dir=settings.state_dir, pseudonym_key=KEY, **addresses)
    warehouse = Warehouse(settings)
    medallion.prepare(warehouse)
    environment = os.environ | {"PBM360_STATE_DIR": str(settings.state_dir), "PBM360_PSEUDONYM_KEY": KEY}
    told = subprocess.run([sys.executable, str(CLUSTER), "start"], env=environment, check=True, stdout=subprocess.PIPE)
    cluster = json.loads(told.stdout)
    started = time.monotonic()
    process = subprocess.Popen([*command(cluster, bronze)], env=environment)
    wait_for(expected.messages // 3, warehouse, process)
    kill_one(cluster)
    assert process.wait(DONE_SECONDS) == 0, "the replay failed; see the logs in .pbm360/flink"
    seconds = time.monotonic() - started
    print(f"replayed in {seconds:.0f} s, one of two task managers killed on the way", flush=True)
    compare(warehouse, expected)


def command(cluster: dict, bronze: Path) -> list[str]:
    """Return the command that submits the replay to the cluster."""
    environment = json.dumps({"command": cluster["worker"]})
    return [
        *(sys.executable, "-m", "pbm360.stream.bronze_files", f"--bronze_folder={bronze}"),
        *("--runner=PortableRunner", f"--job_endpoint={cluster['job_endpoint']}"),
        *(f"--artifact_endpoint={cluster['artifact_endpoint']}", "--environment_type=PROCESS"),
        *(f"--environment_config={environment}", "--parallelism=2", "--job_name=pbm360-replay"),
    ]


def wait_for(landed: int, warehouse: Warehouse, process: subprocess.Popen) -> None:
    """Wait until so many rows have landed."""
    deadline = time.monotonic() + DONE_SECONDS
    while (rows := raw_count(warehouse)["row_count"]) < landed:
        assert process.poll() is None, "the replay ended before a task manager was killed"
        assert time.monotonic() < deadline, f"only {rows:,} rows landed"
        time.sleep(5)  # each look counts all of bronze
    print(f"{rows:,} rows have landed", flush=True)


def kill_one(cluster: dict) -> None:
    """Kill a task manager that is at work, without warning."""
    with urllib.request.urlopen(cluster["rest"] + "/taskmanagers", timeout=30) as answer:
        working = [
            found["id"] for found in json.load(answer)["taskmanagers"] if found["freeSlots"] < found["slotsNumber"]
        ]
    assert working, "no task manager is at work"
    os.kill(cluster["processes"][working[0]], signal.SIGKILL)
    print(f"killed {working[0]}; at work were {', '.join(sorted(working))}", flush=True)


def raw_count(warehouse: Warehouse) -> dict:
    """Return rows and distinct messages of bronze."""
    sql = "select count(*) as row_count, count(distinct message_id) as message_count from pbm_bronze.raw_orders"
    return warehouse.query(f"{sql} where known_date > date '2000-01-01'").to_pylist()[0]


def compare(warehouse: Warehouse, expected: Expected) -> None:
    """Assert that the tables hold exactly what plain Python found."""
    raw = raw_count(warehouse)
    assert raw["message_count"] == expected.messages, raw
    compare_events(warehouse.read_table("live.order_events", COLUMNS), expected)
    sql = "select count(distinct message_id) as n from pbm_ops.dead_letters"
    assert warehouse.query(sql).to_pylist() == [{"n": expected.refused}]
    sql = """
        with last_panes as (
            select minute_at, stage, event_count from pbm_live.stage_minutes
            qualify row_number() over (partition by minute_at, stage, pharmacy_id, carrier order by emitted_at desc) = 1
        )
        select minute_at, stage, sum(event_count) as n from last_panes group by minute_at, stage
    """
    counted = {(int(row["minute_at"].timestamp()), row["stage"]): row["n"] for row in warehouse.query(sql).to_pylist()}
    assert counted == dict(expected.minutes), "the minutes differ"
    print(
        f"exact: {expected.messages:,} messages (in {raw['row_count']:,} rows), {len(expected.events):,} events "
        f"in all {len(COLUMNS)} columns, {expected.refused:,} refused, {len(counted):,} counts of minute and stage"
    )


def compare_events(live: pa.Table, expected: Expected) -> None:
    """Assert that live holds the expected events and no other, and each message's row as expected in every column."""
    keys = live.select(["source", "event_id"]).group_by(["source", "event_id"]).aggregate([]).to_pydict()
    found = set(zip(keys["source"], keys["event_id"], strict=True))
    missing, unknown = len(expected.events - found), len(found - expected.events)
    assert not missing and not unknown, f"live lacks {missing:,} events and holds {unknown:,} that nobody sent"
    distinct = live.group_by(COLUMNS).aggregate([]).select(COLUMNS).cast(EVENT_SCHEMA)  # retried blocks land twice
    rows = expected.rows()
    assert len(distinct) == len(rows), f"{len(distinct):,} distinct rows of {len(rows):,} accepted messages"
    distinct = distinct.sort_by("message_id")
    differing = [name for name in COLUMNS if not distinct[name].equals(rows[name])]
    assert not differing, f"live differs in {', '.join(differing)}"


def since(started: float) -> str:
    """Return the seconds since then."""
    return f"{time.monotonic() - started:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
