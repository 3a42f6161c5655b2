"""Counts of several workers: sets of events, so that copies, retries and what was counted before change nothing."""

import datetime
import time
from dataclasses import replace
from functools import partial

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pbm360.domain.decode import COLUMNS
from pbm360.stream.blocks import Block
from pbm360.stream.counting import LATENESS_SECONDS
from pbm360.stream.counting_sets import (
    KEY_BYTES,
    CountDistinctEntries,
    RecoverEntries,
    UniteKeys,
    event_key,
    recent_hours,
)
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.sinks import EVENT_SCHEMA, TableAppender
from pbm360.stream.workers import recent_entries

MINUTE = int(time.time()) // 60 * 60 - 3600  # an hour ago: within the allowed lateness
SHIPPED, QA = ("SHIPPED", "PH1", ""), ("QA", "PH1", "")


def row(event_id, seconds, stage="SHIPPED", pharmacy_id="PH1", source="wms"):
    values = {"source": source, "event_id": event_id, "event_at": seconds * 1_000_000, "stage": stage}
    return [(values | {"pharmacy_id": pharmacy_id}).get(name) for name in COLUMNS]


def judged(*rows):
    return JudgedBlock(Block(0, []), list(rows), [])


def test_a_replay_counts_every_distinct_event_once_however_old_and_however_often_it_comes():
    day = datetime.datetime(2020, 2, 29, 23, 59, tzinfo=datetime.UTC)
    old = int(day.timestamp())
    first = judged(row("a", old), row("b", old + 59), row("c", old + 60), row("d", old, stage=None))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        blocks = pipeline | beam.Create([first, judged(row("b", old + 59), row("e", old, stage="QA")), first])
        panes = blocks | CountDistinctEntries(bounded=True)
        expected = [(old, {SHIPPED: 2}, "on_time"), (old, {QA: 1}, "on_time"), (old + 60, {SHIPPED: 1}, "on_time")]
        assert_that(panes, equal_to(expected))


def test_a_stream_corrects_a_minute_that_was_told_and_a_copy_changes_nothing():
    stream = (
        TestStream(coder=beam.coders.FastPrimitivesCoder())
        .advance_watermark_to(MINUTE - 60)
        .add_elements([judged(row("a", MINUTE), row("b", MINUTE + 5))])
        .advance_processing_time(6)
        .advance_watermark_to(MINUTE + 61)
        .add_elements([judged(row("a", MINUTE), row("late", MINUTE + 1))])
        .add_elements([judged(row("too late", MINUTE - LATENESS_SECONDS))])
        .advance_watermark_to_infinity()
    )
    options = PipelineOptions(["--allow_unsafe_triggers"])
    options.view_as(StandardOptions).streaming = True
    with TestPipeline(options=options, runner="BundleBasedDirectRunner") as pipeline:
        panes = pipeline | stream | CountDistinctEntries()
        expected = [
            (MINUTE, {SHIPPED: 2}, "early"),
            (MINUTE, {SHIPPED: 2}, "on_time"),
            (MINUTE, {SHIPPED: 3}, "late"),
        ]
        assert_that(panes, equal_to(expected))


def test_what_a_stream_before_had_landed_is_counted_again_from_the_live_table(settings, warehouse):
    settings = replace(settings, project=warehouse.settings.project)
    values = {"message_id": "1", "publish_time": 0, "ingested_at": 0, "known_at": 0, "order_id": "A1"}
    values |= {"event_type": "shipped", "event_date": MINUTE // 86_400, "schema_version": 1}

    def landed(*cells, **other):
        return [
            (values | other).get(name) if cell is None else cell
            for name, cell in zip(COLUMNS, row(*cells), strict=True)
        ]

    rows = [landed("a", MINUTE), landed("b", MINUTE + 1), landed("b", MINUTE + 1, message_id="2")]
    rows += [landed("yesterday", MINUTE - 2 * LATENESS_SECONDS)]
    TableAppender(settings, "live.order_events", EVENT_SCHEMA).append(rows)
    read = partial(recent_entries, settings)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        blocks = pipeline | beam.Create([judged(row("b", MINUTE + 1), row("c", MINUTE + 2))])
        panes = blocks | CountDistinctEntries(RecoverEntries(read), bounded=True)
        assert_that(panes, equal_to([(MINUTE, {SHIPPED: 3}, "on_time")]))


def test_the_hours_that_are_read_at_the_start_meet_and_reach_from_a_whole_minute_past_the_clock():
    hours = recent_hours(b"")
    assert [until for _, until in hours[:-1]] == [since for since, _ in hours[1:]]
    first, last = hours[0][0], hours[-1][1]
    assert first % 60 == 0 and 0 <= time.time() - LATENESS_SECONDS - first < 61 + 1
    assert last > time.time() + 24 * 3600, "an event's time may be a day ahead of its arrival"
    assert max(until - since for since, until in hours[:-1]) == 3600


@given(st.lists(st.lists(st.text(max_size=4), max_size=8), max_size=6), st.randoms(use_true_random=False))
def test_the_size_of_a_union_is_the_number_of_distinct_events_whatever_the_parts(parts, random):
    combine = UniteKeys()
    rows = [b"".join(event_key("oms", each) for each in part) for part in parts]
    repeated = rows + random.sample(rows, len(rows))
    random.shuffle(repeated)
    cut = random.randint(0, len(repeated))
    halves = [combine.create_accumulator(), combine.create_accumulator()]
    for number, keys in enumerate(repeated):
        halves[number < cut] = combine.add_input(halves[number < cut], keys)
    merged = combine.merge_accumulators(halves)
    assert combine.extract_output(merged) == len({each for part in parts for each in part})
    assert len(merged) % KEY_BYTES == 0
