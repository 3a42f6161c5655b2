"""Land a judged block raw and live, each in a step of its own.

Where sinks commit themselves (`WorkerAppender`) a block goes on once its rows are committed. On a laptop they hand rows
to the committer (`committing.py`), which commits in the order of these steps: a block goes on at once, and what is not
committed is never acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable

import apache_beam as beam

from pbm360.domain.timestamps import MICROSECONDS_PER_DAY
from pbm360.stream.blocks import Message
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.sinks import TableAppender


def raw_row(message: Message) -> tuple:
    """Return a message as a row of `pbm_bronze.raw_orders` (in the order of `sinks.RAW_SCHEMA`)."""
    known_date = message.stamps.known_at // MICROSECONDS_PER_DAY
    return (*message.stamps, known_date, message.source, message.attributes, message.payload)


def raw_rows(judged: JudgedBlock) -> list[tuple]:
    """Return every message of a block, refused or not, as it was received."""
    return [raw_row(message) for message in judged.block.messages]


def live_rows(judged: JudgedBlock) -> list[list]:
    """Return the rows of a block's accepted events."""
    return judged.rows


class LandRaw(beam.PTransform):
    """JudgedBlock -> the same, once its sink has taken all of its messages for bronze.

    Guarantee: at least once; a block that comes again lands again, and readers take distinct message ids.
    """

    def __init__(self, raw: TableAppender):
        super().__init__()
        self._raw = raw

    def expand(self, judged):
        return judged | beam.ParDo(AppendRows(raw_rows, self._raw))  # JudgedBlock


class LandLive(beam.PTransform):
    """JudgedBlock -> the same, once its sink has taken its accepted events for live.

    Guarantee: at least once; readers take distinct events, of several copies the one known first.
    """

    def __init__(self, live: TableAppender):
        super().__init__()
        self._live = live

    def expand(self, judged):
        return judged | beam.ParDo(AppendRows(live_rows, self._live))  # JudgedBlock


class Acknowledge(beam.PTransform):
    """JudgedBlock -> the same, once its messages are acknowledged, or are to be when all before is committed."""

    def __init__(self, acknowledge: Callable[[JudgedBlock], object]):
        super().__init__()
        self._acknowledge = acknowledge

    def expand(self, landed):
        return landed | beam.ParDo(TellLanded(self._acknowledge))  # JudgedBlock


class AppendRows(beam.DoFn):
    """Give a sink the rows that a function takes from a block; a block that it can't take goes no further."""

    def __init__(self, rows_of: Callable[[JudgedBlock], list], sink: TableAppender):
        self._rows_of, self._sink = rows_of, sink

    def process(self, judged: JudgedBlock):
        """Append, then pass the block on."""
        self._sink.append(self._rows_of(judged))
        yield judged


class TellLanded(beam.DoFn):
    """Tell the source that a block has been through every step that lands it."""

    def __init__(self, acknowledge: Callable[[JudgedBlock], object]):
        self._acknowledge = acknowledge

    def process(self, judged: JudgedBlock):
        """Tell, then pass the block on."""
        self._acknowledge(judged)
        yield judged
