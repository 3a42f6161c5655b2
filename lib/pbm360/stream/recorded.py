"""Run recorded events through windows and triggers as they became known, and note when each pane fired."""

from __future__ import annotations

from typing import NamedTuple

import apache_beam as beam
import pandas as pd
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms import trigger
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from pbm360.stream.counting import LATENESS_SECONDS
from pbm360.stream.run import OPTIONS
from pbm360.stream.shared import SharedInProcess

STEP_SECONDS = 600
TIMINGS = {0: "early", 1: "on time", 2: "late"}


class Recording(NamedTuple):
    """What happened: `panes` (window_start, event_count, timing, fired_at), `watermarks` (known, watermark); UTC.

    `too_late` counts the events whose window the watermark had left more than a day behind: no pane holds them.
    """

    panes: pd.DataFrame
    watermarks: pd.DataFrame
    too_late: int


class Noted(SharedInProcess):
    """The moment that the recording has reached (seconds since 1970), and the panes that fired."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.panes: list[tuple] = []

    def arrive(self, step: tuple[float, list[float]]):
        """Move to the step's moment and yield its events, each stamped with when it happened."""
        self.now, happened = step
        return [TimestampedValue(("all", 1), moment) for moment in happened]

    def fire(self, element, window=beam.DoFn.WindowParam, pane=beam.DoFn.PaneInfoParam) -> None:
        """Note a pane."""
        self.panes.append((float(window.start), element[1], TIMINGS.get(pane.timing, "early"), self.now))


def play(
    happened: list[float], known: list[float], *, window_minutes: int, slack_minutes: int, early_minutes: int
) -> Recording:
    """Count recorded events (seconds since 1970: when each happened, when it was known) by windows of event time.

    The watermark stays `slack_minutes` behind the newest event. A window fires every `early_minutes` of processing time
    until the watermark passes its end, once then, and for each late arrival within a day; a pane has the whole count.
    """
    steps = _steps(happened, known)
    noted, events, watermarks = Noted(), TestStream(coder=beam.coders.FastPrimitivesCoder()), []
    reached = too_late = 0
    window_seconds = window_minutes * 60
    for moment, arrivals in steps:
        ends = [event - event % window_seconds + window_seconds for event in arrivals]
        too_late += sum(reached > end + LATENESS_SECONDS for end in ends)
        events = events.add_elements([(moment, arrivals)])
        newest = max((int(min(event, moment)) - slack_minutes * 60 for event in arrivals), default=0)
        if newest > reached:
            reached = newest
            events = events.advance_watermark_to(reached)
        events = events.advance_processing_time(STEP_SECONDS)
        watermarks.append((moment, reached))
    with beam.Pipeline(options=PipelineOptions(list(OPTIONS))) as pipeline:
        counted = pipeline | events | beam.FlatMap(noted.arrive) | _windows(window_minutes, early_minutes)
        _ = counted | beam.CombinePerKey(sum) | beam.Map(noted.fire)
    panes = pd.DataFrame(noted.panes, columns=["window_start", "event_count", "timing", "fired_at"])
    return Recording(_instants(panes), _instants(pd.DataFrame(watermarks, columns=["known", "watermark"])), too_late)


def _windows(window_minutes: int, early_minutes: int) -> beam.WindowInto:
    return beam.WindowInto(
        FixedWindows(window_minutes * 60),
        trigger=trigger.AfterWatermark(
            early=trigger.Repeatedly(trigger.AfterProcessingTime(early_minutes * 60)), late=trigger.AfterCount(1)
        ),
        accumulation_mode=trigger.AccumulationMode.ACCUMULATING,
        allowed_lateness=LATENESS_SECONDS,
    )


def _steps(happened: list[float], known: list[float]) -> list[tuple[float, list[float]]]:
    """Group the events by when they were known: (moment, when the events known by then happened), every ten minutes."""
    steps: dict[float, list[float]] = {}
    for event, arrival in zip(happened, known, strict=True):
        steps.setdefault(arrival // STEP_SECONDS * STEP_SECONDS + STEP_SECONDS, []).append(event)
    moments = range(int(min(steps)), int(max(steps)) + 1, STEP_SECONDS)
    return [(float(moment), steps.get(float(moment), [])) for moment in moments]


def _instants(rows: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in rows if name in ("window_start", "fired_at", "known", "watermark")]
    return rows.assign(**{name: pd.to_datetime(rows[name], unit="s") for name in columns})
