"""Measure the transforms alone, with sinks that keep nothing, beside plain Python loops over the same bytes.

Time goes by between the blocks as when the feed catches up at the bar's rate, so windows, merges, panes and totals are
at work; before anything is measured, what they count must be what the loop counts, minute by minute.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime
from functools import partial

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_stream import TestStream

from pbm360.domain.decode import COLUMNS, Decoder, Rejection
from pbm360.domain.timestamps import MICROSECONDS_PER_SECOND
from pbm360.stream.blocks import Block, Message, receive
from pbm360.stream.counting import CountFirstCopies
from pbm360.stream.deduplicating import SeenEvents
from pbm360.stream.feed import BLOCK_MESSAGES
from pbm360.stream.pipeline import StreamParts, build, do_nothing
from pbm360.stream.quicker_runner import few_collections, quicken
from pbm360.stream.run import OPTIONS
from pbm360.stream.shared import SharedInProcess
from pbm360.stream.watermark import SLACK_SECONDS
from tests.benchmarks.live_events import Pair

KEY = "a-key-that-only-the-benchmarks-know-0123"
ROUNDS = 3
BAR_RATE = 15_000  # events a second that the stream must reach: so fast time goes by between the blocks
STAGE, EVENT_AT, SOURCE, EVENT_ID = (COLUMNS.index(name) for name in ("stage", "event_at", "source", "event_id"))


class Nowhere:
    """A sink that keeps nothing."""

    def append(self, rows) -> None:
        """Take rows."""


class Blocks(SharedInProcess):
    """Blocks that are there already."""

    def __init__(self, messages: list[Message]):
        super().__init__()
        starts = range(0, len(messages), BLOCK_MESSAGES)
        self.blocks = [Block(n, messages[start : start + BLOCK_MESSAGES]) for n, start in enumerate(starts)]

    def block(self, number: int) -> Block:
        """Return one of them."""
        return self.blocks[number]


class LastPanes(SharedInProcess):
    """Of each minute, stage, pharmacy and carrier the last count that was emitted; how many events were too late."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[tuple, int] = {}
        self.rows = self.too_late = 0

    def append(self, rows) -> None:
        """Take rows of `pbm_live.stage_minutes`."""
        self.rows += len(rows)
        for minute_at, stage, pharmacy, carrier, count, _, _ in rows:
            self.counts[minute_at, stage, pharmacy, carrier] = count

    def count_too_late(self, count: int) -> None:
        """Take how many events of a block were too late."""
        self.too_late += count

    def by_minute_and_stage(self) -> Counter:
        """Return the counts as the loop has them."""
        total: Counter = Counter()
        for (minute_at, stage, _, _), count in self.counts.items():
            total[minute_at // 60_000_000, stage] += count
        return total


def run_transforms(messages: list[Message], panes: LastPanes | None = None) -> None:
    """Run every transform of the pipeline, on the laptop's runner; `panes` hears what is counted."""
    blocks = Blocks(messages)
    parts = StreamParts(
        pseudonym_key=partial(str, KEY),
        raw=Nowhere(),
        live=Nowhere(),
        minutes=panes or Nowhere(),
        dead_letters=Nowhere(),
        publish_dead_letters=do_nothing,
        counting=CountFirstCopies(SeenEvents(), panes.count_too_late if panes else do_nothing),
    )
    quicken()
    with few_collections(), beam.Pipeline(options=PipelineOptions(list(OPTIONS))) as pipeline:
        numbers = pipeline | events_of(blocks)
        build(numbers | "TakeBlock" >> beam.Map(blocks.block), parts)


def events_of(blocks: Blocks) -> TestStream:
    """Return the blocks, and after each the watermark and the time that passes, as the feed tells them."""
    events = TestStream(coder=VarIntCoder())
    watermark = 0
    for block in blocks.blocks:
        observed = block.messages[-1].stamps.known_at // MICROSECONDS_PER_SECOND
        watermark = max(observed - SLACK_SECONDS, watermark + 1)
        events = events.add_elements([block.number]).advance_watermark_to(watermark)
        events = events.advance_processing_time(-(-len(block.messages) * 1000 // BAR_RATE) / 1000)
    return events.advance_watermark_to_infinity()


def loop_with_the_same_rules(messages: list[Message]) -> Counter:
    """Parse, validate by every rule and count, one message after the other, without Beam."""
    decoder, seen, counts = Decoder(KEY), set(), Counter()
    for message in messages:
        row = decoder.decode(message.payload, message.stamps)
        if type(row) is Rejection or row[STAGE] is None or (key := (row[SOURCE], row[EVENT_ID])) in seen:
            continue
        seen.add(key)
        counts[row[EVENT_AT] // 60_000_000, row[STAGE]] += 1
    return counts


def loop_that_checks_little(messages: list[Message]) -> Counter:
    """Parse with the standard library, ask for the envelope's members alone, and count."""
    counts = Counter()
    for message in messages:
        try:
            event = json.loads(message.payload)
            event_id, _, subject = event["id"], event["source"], event["subject"]
            happened = datetime.fromisoformat(event["time"])
        except (ValueError, KeyError, TypeError):
            continue
        if event_id and subject:
            counts[happened.replace(second=0, microsecond=0), event["type"]] += 1
    return counts


def make_graph(messages: list[Message]) -> None:
    """Make and end the same pipeline with one message: what a start costs."""
    run_transforms(messages[:1])


MEASURED = (run_transforms, loop_with_the_same_rules, loop_that_checks_little)


def check_counts(taken: list[Message]) -> LastPanes:
    """Assert that no event is too late and that the transforms count what the loop counts; returns their panes."""
    panes, expected = LastPanes(), loop_with_the_same_rules(taken)
    run_transforms(taken, panes)
    assert panes.too_late == 0, f"{panes.too_late:,} of {len(taken):,} events are too late to count"
    assert expected and panes.by_minute_and_stage() == expected, "the transforms count otherwise than the loop"
    return panes


def measure(messages: list[Pair]) -> list[tuple[str, str]]:
    """Return (what, figure) rows: processor time of each, in turn, the best of a few rounds."""
    now = time.time_ns() // 1000
    taken = [receive(str(number), now, attributes, body, now) for number, (body, attributes) in enumerate(messages)]
    panes = check_counts(taken)
    best = {function: float("inf") for function in (make_graph, *MEASURED)}
    for _ in range(ROUNDS):
        for function in best:
            started = time.process_time()
            function(taken)
            best[function] = min(best[function], time.process_time() - started)
    start = best.pop(make_graph)
    best[run_transforms] -= start  # once a start of the stream, however long it runs
    ours, same, little = (len(taken) / best[function] for function in MEASURED)
    counted, minutes = panes.by_minute_and_stage(), {minute for minute, *_ in panes.counts}
    return [
        ("the transforms alone, on the laptop's runner", f"{ours:,.0f} events/s of one core"),
        (
            "what they counted: as the loop, 0 too late",
            f"{counted.total():,} of {len(taken):,} in {len(minutes):,} minutes, {panes.rows:,} rows of panes",
        ),
        ("the making of their graph, once a start", f"{start:.2f} s of one core"),
        ("a plain loop with the same rules", f"{same:,.0f} events/s (the transforms reach {ours / same:.2f} of it)"),
        ("a plain loop that checks the envelope alone", f"{little:,.0f} events/s ({ours / little:.2f} of it)"),
    ]
