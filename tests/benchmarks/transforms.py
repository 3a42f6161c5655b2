"""Measure the transforms alone, with sinks that keep nothing, beside plain Python loops over the same bytes."""

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
from pbm360.stream.blocks import Block, Message, receive
from pbm360.stream.counting import CountFirstCopies
from pbm360.stream.deduplicating import SeenEvents
from pbm360.stream.feed import BLOCK_MESSAGES
from pbm360.stream.pipeline import StreamParts, build, do_nothing
from pbm360.stream.quicker_runner import few_collections, quicken
from pbm360.stream.run import OPTIONS
from pbm360.stream.shared import SharedInProcess

KEY = "a-key-that-only-the-benchmarks-know-0123"
ROUNDS = 3
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


def run_transforms(messages: list[Message]) -> None:
    """Run every transform of the pipeline, on the laptop's runner."""
    blocks = Blocks(messages)
    parts = StreamParts(
        pseudonym_key=partial(str, KEY),
        raw=Nowhere(),
        live=Nowhere(),
        minutes=Nowhere(),
        dead_letters=Nowhere(),
        publish_dead_letters=do_nothing,
        counting=CountFirstCopies(SeenEvents(), do_nothing),
    )
    events = TestStream(coder=VarIntCoder())
    for number in range(len(blocks.blocks)):
        events = events.add_elements([number])
    quicken()
    with few_collections(), beam.Pipeline(options=PipelineOptions(list(OPTIONS))) as pipeline:
        numbers = pipeline | events.advance_watermark_to_infinity()
        build(numbers | "TakeBlock" >> beam.Map(blocks.block), parts)


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


def measure(messages: list[tuple[bytes, dict[str, str]]]) -> list[tuple[str, str]]:
    """Return (what, figure) rows: processor time of each, in turn, the best of a few rounds."""
    now = time.time_ns() // 1000
    taken = [receive(str(number), now, attributes, body, now) for number, (body, attributes) in enumerate(messages)]
    best = {function: float("inf") for function in (make_graph, *MEASURED)}
    for _ in range(ROUNDS):
        for function in best:
            started = time.process_time()
            function(taken)
            best[function] = min(best[function], time.process_time() - started)
    start = best.pop(make_graph)
    best[run_transforms] -= start  # once a start of the stream, however long it runs
    ours, same, little = (len(taken) / best[function] for function in MEASURED)
    return [
        ("the transforms alone, on the laptop's runner", f"{ours:,.0f} events/s of one core"),
        ("the making of their graph, once a start", f"{start:.2f} s of one core"),
        ("a plain loop with the same rules", f"{same:,.0f} events/s (the transforms reach {ours / same:.2f} of it)"),
        ("a plain loop that checks the envelope alone", f"{little:,.0f} events/s ({ours / little:.2f} of it)"),
    ]
