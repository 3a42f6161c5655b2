"""Publish a simulation: its history at once, then what comes after as a live trickle; the truth goes along."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Event

from pbm360 import broker
from pbm360.settings import Settings
from pbm360.simulate.clock import LIVE_RATE
from pbm360.simulate.messages import Message
from pbm360.simulate.simulation import Simulation
from pbm360.simulate.truth import TruthWriter
from pbm360.warehouse import Warehouse

BATCH_MESSAGES = 10_000
LIVE_BATCH_MESSAGES = 500
LONGEST_SLEEP_SECONDS = 0.25  # how late a wish to stop may be heard
TRUTH_EVERY_SECONDS = 30.0

Progress = Callable[[int], object]  # is told how many messages are out in all


@dataclass(frozen=True)
class HistoryCounts:
    """What a history held; `messages` = distinct events sent + duplicates + truncated copies."""

    messages: int
    orders: int
    defects: dict[str, int]


def publish_history(settings: Settings, simulation: Simulation, progress: Progress | None = None) -> HistoryCounts:
    """Publish every message known by the simulation's end, then write its truth. Again: the same bytes once more."""
    published = 0
    messages = simulation.messages()
    while batch := list(islice(messages, BATCH_MESSAGES)):
        _send(settings, batch)
        published += len(batch)
        if progress:
            progress(published)
    TruthWriter(Warehouse(settings), simulation).replace()
    return HistoryCounts(published, len(simulation.truth_orders()), count_defects(simulation))


def publish_live(
    settings: Settings,
    simulation: Simulation,
    rate: float = LIVE_RATE,
    stop_event: Event | None = None,
    progress: Progress | None = None,
    truth_every_seconds: float = TRUTH_EVERY_SECONDS,
) -> int:
    """Publish what comes after the simulation's end when its time comes, until `stop_event` is set.

    Times after the end are those of a clock `rate` times as fast. The truth follows every `truth_every_seconds` and
    at the end. Returns the number of messages. A restart begins again at the simulation's end with the same bytes,
    which the receivers drop as duplicates.
    """
    stop_event = stop_event or Event()
    truth = TruthWriter(Warehouse(settings), simulation, rate)
    truth.replace()
    published, written_at = 0, time.monotonic()
    known_until = simulation.parameters.end
    for batch in due_batches(simulation.live_messages(rate), stop_event):
        _send(settings, batch)
        published, known_until = published + len(batch), batch[-1].observed_at
        if progress:
            progress(published)
        if time.monotonic() - written_at >= truth_every_seconds:
            truth.update(known_until)
            written_at = time.monotonic()
    truth.update(known_until)
    return published


def due_batches(messages: Iterator[Message], stop_event: Event) -> Iterator[list[Message]]:
    """Yield the messages whose time has come, in batches that never split one instant, until `stop_event` is set."""
    waiting = next(messages)
    while not stop_event.is_set():
        now = datetime.datetime.now(datetime.UTC)
        if waiting.observed_at > now:
            stop_event.wait(min((waiting.observed_at - now).total_seconds(), LONGEST_SLEEP_SECONDS))
            continue
        batch = []
        while waiting.observed_at <= now and (
            len(batch) < LIVE_BATCH_MESSAGES or waiting.observed_at == batch[-1].observed_at
        ):
            batch.append(waiting)
            waiting = next(messages)
        yield batch


def count_defects(simulation: Simulation) -> dict[str, int]:
    """Count the rows of the defects' ledger by defect, as known at the simulation's end."""
    counts: dict[str, int] = {}
    for row in simulation.truth_defects():
        counts[row["defect"]] = counts.get(row["defect"], 0) + 1
    return counts


def _send(settings: Settings, batch: list[Message]) -> None:
    broker.publish_batches(settings, settings.topic, [(message.payload, message.attributes) for message in batch])
