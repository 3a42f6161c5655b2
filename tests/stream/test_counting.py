"""Counts by minute of event time: early, on time, late, too late; a copy counts once."""

import time
from collections import Counter

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to

from pbm360.domain.decode import COLUMNS
from pbm360.stream.blocks import Block
from pbm360.stream.counting import LATENESS_SECONDS, CountStagesByMinute, SeenEvents, count_rows
from pbm360.stream.judging import JudgedBlock

MINUTE = int(time.time()) // 60 * 60 - 3600  # an hour ago: within the allowed lateness


def row(event_id, seconds, stage="SHIPPED", pharmacy_id="PH1", carrier=None):
    values = {"source": "wms", "event_id": event_id, "event_at": seconds * 1_000_000, "stage": stage}
    values |= {"pharmacy_id": pharmacy_id, "carrier": carrier}
    return [values.get(name) for name in COLUMNS]


def judged(*rows):
    return JudgedBlock(Block(0, []), list(rows), [])


def panes(stream, seen=None):
    options = PipelineOptions(["--allow_unsafe_triggers"])
    options.view_as(StandardOptions).streaming = True
    with TestPipeline(options=options, runner="BundleBasedDirectRunner") as pipeline:
        yield pipeline | stream | CountStagesByMinute(seen or SeenEvents())


def check(stream, expected, seen=None):
    for counted in panes(stream, seen):
        assert_that(counted, equal_to(expected))


def stream():
    return TestStream(coder=beam.coders.FastPrimitivesCoder()).advance_watermark_to(MINUTE - 60)


def test_a_minute_is_counted_on_time_when_the_watermark_passes_it():
    events = stream().add_elements([judged(row("1", MINUTE), row("2", MINUTE + 59), row("3", MINUTE + 60))])
    shipped = ("SHIPPED", "PH1", "")
    expected = [(MINUTE, {shipped: 2}, "on_time"), (MINUTE + 60, {shipped: 1}, "on_time")]
    check(events.advance_watermark_to_infinity(), expected)


def test_an_early_pane_shows_the_count_so_far_and_the_last_one_the_whole():
    events = stream().add_elements([judged(row("1", MINUTE))]).advance_processing_time(2)
    events = events.add_elements([judged(row("2", MINUTE + 1))]).advance_watermark_to_infinity()
    shipped = ("SHIPPED", "PH1", "")
    check(events, [(MINUTE, {shipped: 1}, "early"), (MINUTE, {shipped: 2}, "on_time")])


def test_a_late_event_updates_its_own_minute():
    events = stream().add_elements([judged(row("1", MINUTE))]).advance_watermark_to(MINUTE + 600)
    events = events.add_elements([judged(row("2", MINUTE + 1))]).advance_watermark_to_infinity()
    shipped = ("SHIPPED", "PH1", "")
    check(events, [(MINUTE, {shipped: 1}, "on_time"), (MINUTE, {shipped: 2}, "late")])


def test_a_copy_of_an_event_counts_once_whichever_block_brings_it():
    events = stream().add_elements([judged(row("1", MINUTE), row("1", MINUTE)), judged(row("1", MINUTE))])
    check(events.advance_watermark_to_infinity(), [(MINUTE, {("SHIPPED", "PH1", ""): 1}, "on_time")])


def test_what_a_stream_before_this_one_had_counted_goes_into_its_minutes_again():
    shipped = ("SHIPPED", "PH1", "")
    seen = SeenEvents([("wms", "1")], {MINUTE: Counter({shipped: 1})})
    events = stream().add_elements([judged(row("1", MINUTE), row("2", MINUTE))])
    check(events.advance_watermark_to_infinity(), [(MINUTE, {shipped: 2}, "on_time")], seen)


def test_an_event_too_late_and_an_event_without_a_stage_are_in_no_count():
    rows = [row("1", MINUTE - LATENESS_SECONDS), row("2", MINUTE, stage=None)]
    assert count_rows(rows, SeenEvents(), oldest=time.time() - LATENESS_SECONDS) == {}
