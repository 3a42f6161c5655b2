"""Counts by minute of event time: early, on time, late, too late; idle sources, clocks that run ahead; copies."""

import time
from collections import Counter

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to

from pbm360.domain.decode import COLUMNS
from pbm360.stream import deduplicating
from pbm360.stream.blocks import Block, receive
from pbm360.stream.counting import LATENESS_SECONDS, CountFirstCopies, count_rows
from pbm360.stream.deduplicating import SeenEvents
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.landing import LandLive, LandRaw
from pbm360.stream.shared import SharedInProcess
from pbm360.stream.sinks import RAW_SCHEMA
from pbm360.stream.watermark import IDLE_SECONDS, SLACK_SECONDS, Watermark

MINUTE = int(time.time()) // 60 * 60 - 3600  # an hour ago: within the allowed lateness
SHIPPED = ("SHIPPED", "PH1", "")


class Heard(SharedInProcess):
    """Keep what steps tell: counts of events too late, rows landed."""

    def __init__(self):
        super().__init__()
        self.told = []

    def tell(self, what):
        self.told.append(what)

    def append(self, rows):
        self.told += rows


def row(event_id, seconds, stage="SHIPPED", pharmacy_id="PH1", carrier=None, source="wms"):
    values = {"source": source, "event_id": event_id, "event_at": seconds * 1_000_000, "stage": stage}
    values |= {"pharmacy_id": pharmacy_id, "carrier": carrier}
    return [values.get(name) for name in COLUMNS]


def judged(*rows):
    return JudgedBlock(Block(0, []), list(rows), [])


def stream(watermark=MINUTE - 60):
    return TestStream(coder=beam.coders.FastPrimitivesCoder()).advance_watermark_to(watermark)


def check(stream, expected, seen=None, too_late=None, live=None, raw=None):
    """Run the counting (behind raw and live, where they are given) over a stream and compare its panes."""
    options = PipelineOptions(["--allow_unsafe_triggers"])
    options.view_as(StandardOptions).streaming = True
    seen = seen or SeenEvents()
    with TestPipeline(options=options, runner="BundleBasedDirectRunner") as pipeline:
        blocks = pipeline | stream
        landed = blocks | LandRaw(raw) if raw else blocks
        landed = landed | LandLive(live) if live else landed
        assert_that(landed | CountFirstCopies(seen, (too_late or Heard()).tell), equal_to(expected))


def test_a_minute_is_counted_on_time_when_the_watermark_passes_it():
    events = stream().add_elements([judged(row("1", MINUTE), row("2", MINUTE + 59), row("3", MINUTE + 60))])
    expected = [(MINUTE, {SHIPPED: 2}, "on_time"), (MINUTE + 60, {SHIPPED: 1}, "on_time")]
    check(events.advance_watermark_to_infinity(), expected)


def test_an_early_pane_shows_the_count_so_far_and_the_last_one_the_whole():
    events = stream().add_elements([judged(row("1", MINUTE))]).advance_processing_time(2)
    events = events.add_elements([judged(row("2", MINUTE + 1))]).advance_watermark_to_infinity()
    check(events, [(MINUTE, {SHIPPED: 1}, "early"), (MINUTE, {SHIPPED: 2}, "on_time")])


def test_a_late_event_updates_its_own_minute_and_no_other():
    events = stream().add_elements([judged(row("1", MINUTE), row("2", MINUTE + 60))]).advance_watermark_to(MINUTE + 600)
    events = events.add_elements([judged(row("3", MINUTE + 1))]).advance_watermark_to_infinity()
    on_time = [(MINUTE, {SHIPPED: 1}, "on_time"), (MINUTE + 60, {SHIPPED: 1}, "on_time")]
    check(events, [*on_time, (MINUTE, {SHIPPED: 2}, "late")])


def test_an_event_of_the_last_lateness_is_still_counted_when_the_watermark_is_at_the_clock():
    now = int(time.time())
    oldest = now - LATENESS_SECONDS + 120  # two minutes within the lateness
    events = stream(now).add_elements([judged(row("1", oldest))]).advance_watermark_to_infinity()
    check(events, [(oldest - oldest % 60, {SHIPPED: 1}, "late")])


def test_an_event_too_late_is_landed_in_both_tables_and_told_and_in_no_minute():
    too_late, live, raw = Heard(), Heard(), Heard()
    old, older = row("1", int(time.time()) - LATENESS_SECONDS - 1), row("2", MINUTE - 10 * LATENESS_SECONDS)
    messages = [receive(number, 1, {}, b"{}", MINUTE * 1_000_000) for number in ("m1", "m2", "m3")]
    block = JudgedBlock(Block(0, messages), [old, row("3", MINUTE), older], [])
    events = stream().add_elements([block]).advance_watermark_to_infinity()
    check(events, [(MINUTE, {SHIPPED: 1}, "on_time")], too_late=too_late, live=live, raw=raw)
    assert too_late.told == [2]
    assert [cells[COLUMNS.index("event_id")] for cells in live.told] == ["1", "3", "2"]
    assert [cells[RAW_SCHEMA.names.index("message_id")] for cells in raw.told] == ["m1", "m2", "m3"]


def test_a_copy_of_an_event_counts_once_whichever_block_brings_it():
    events = stream().add_elements([judged(row("1", MINUTE), row("1", MINUTE)), judged(row("1", MINUTE))])
    events = events.advance_watermark_to(MINUTE + 600).add_elements([judged(row("1", MINUTE))])
    check(events.advance_watermark_to_infinity(), [(MINUTE, {SHIPPED: 1}, "on_time")])


def test_the_same_id_from_two_sources_is_two_events():
    events = stream().add_elements([judged(row("1", MINUTE), row("1", MINUTE, source="carrier"))])
    check(events.advance_watermark_to_infinity(), [(MINUTE, {SHIPPED: 2}, "on_time")])


def test_a_copy_is_known_for_as_long_as_the_horizon_says(monkeypatch):
    horizon, generation = 3 * deduplicating.GENERATIONS, 3
    monkeypatch.setattr(deduplicating, "HORIZON_KEYS", horizon)
    monkeypatch.setattr(deduplicating, "HORIZON_SECONDS", 0)
    seen = SeenEvents()
    for first in range(0, 2 * horizon, generation):
        new = [row(str(number), 0) for number in range(first, first + generation)]
        assert len(seen.only_new([*new, new[0]])) == generation
        kept = range(max(first + generation - horizon, 0), first + generation)
        assert seen.only_new([row(str(number), 0) for number in kept]) == [], "one of the newest keys is forgotten"
    assert len(seen.only_new([row("0", 0)])) == 1, "keys are never forgotten, so memory has no bound"


def test_a_copy_of_the_last_minutes_is_known_however_many_came_since(monkeypatch):
    monkeypatch.setattr(deduplicating, "HORIZON_KEYS", deduplicating.GENERATIONS)
    seen = SeenEvents()
    seen.only_new([row("first", 0)])
    seen.only_new([row(str(number), 0) for number in range(10 * deduplicating.HORIZON_KEYS)])
    assert seen.only_new([row("first", 0)]) == []


def test_keys_known_before_are_bounded_too_and_the_newest_are_kept(monkeypatch):
    horizon = 3 * deduplicating.GENERATIONS
    monkeypatch.setattr(deduplicating, "HORIZON_KEYS", horizon)
    monkeypatch.setattr(deduplicating, "HORIZON_SECONDS", 0)
    seen = SeenEvents(("wms", str(number)) for number in range(4 * horizon))
    assert len(seen.only_new([row("0", 0)])) == 1
    assert seen.only_new([row(str(number), 0) for number in range(3 * horizon, 4 * horizon)]) == []


def test_an_idle_source_does_not_hold_the_watermark_back():
    watermark = Watermark()
    newest = MINUTE * 1_000_000
    stuck = watermark.advance(newest, idle_seconds=0) // 1_000_000
    idle = watermark.advance(newest, idle_seconds=IDLE_SECONDS + 1) // 1_000_000
    assert stuck == MINUTE - SLACK_SECONDS, "the watermark runs before the newest event"
    assert time.time() - SLACK_SECONDS - 5 < idle <= time.time() - SLACK_SECONDS
    events = stream(stuck).add_elements([judged(row("1", MINUTE))]).advance_watermark_to(idle)
    events = events.add_elements([judged(row("2", MINUTE + 1))])  # the source wakes up
    check(events.advance_watermark_to_infinity(), [(MINUTE, {SHIPPED: 1}, "on_time"), (MINUTE, {SHIPPED: 2}, "late")])


def test_one_silent_source_of_two_holds_nothing_back_and_is_counted_late():
    watermark = Watermark()
    events = stream().add_elements([judged(row("1", MINUTE, source="wms"), row("2", MINUTE + 600, source="carrier"))])
    reached = watermark.advance((MINUTE + 600) * 1_000_000, idle_seconds=0) // 1_000_000
    events = events.advance_watermark_to(reached).add_elements([judged(row("3", MINUTE + 30, source="wms"))])
    on_time = [(MINUTE, {SHIPPED: 1}, "on_time"), (MINUTE + 600, {SHIPPED: 1}, "on_time")]
    check(events.advance_watermark_to_infinity(), [*on_time, (MINUTE, {SHIPPED: 2}, "late")])


def test_a_clock_that_runs_ahead_makes_no_other_event_late():
    watermark = Watermark()
    ahead, now = int(time.time()) // 60 * 60 + 3600, int(time.time()) // 60 * 60
    reached = watermark.advance(ahead * 1_000_000, idle_seconds=0) // 1_000_000
    assert reached <= time.time() - SLACK_SECONDS, "one clock that is ahead would close everybody's minutes"
    events = stream().add_elements([judged(row("1", ahead))]).advance_watermark_to(reached)
    events = events.add_elements([judged(row("2", now))]).advance_watermark_to_infinity()
    check(events, [(now, {SHIPPED: 1}, "on_time"), (ahead, {SHIPPED: 1}, "on_time")])


def test_a_watermark_never_goes_back():
    watermark = Watermark()
    reached = watermark.advance(MINUTE * 1_000_000, idle_seconds=0)
    assert watermark.advance((MINUTE - 5000) * 1_000_000, idle_seconds=0) == reached


def test_what_a_stream_before_this_one_had_counted_goes_into_its_minutes_again():
    seen = SeenEvents([("wms", "1")], {MINUTE: Counter({SHIPPED: 1})})
    events = stream().add_elements([judged(row("1", MINUTE), row("2", MINUTE))])
    check(events.advance_watermark_to_infinity(), [(MINUTE, {SHIPPED: 2}, "on_time")], seen)


def test_an_event_without_a_stage_is_in_no_count():
    events = stream().add_elements([judged(row("1", MINUTE, stage=None))])
    check(events.advance_watermark_to_infinity(), [])


def test_rows_are_counted_by_minute_and_those_too_old_apart():
    rows = [row("1", MINUTE), row("2", MINUTE + 59), row("3", MINUTE - 1)]
    assert count_rows(rows, oldest=MINUTE) == ({MINUTE: Counter({SHIPPED: 2})}, 1)
