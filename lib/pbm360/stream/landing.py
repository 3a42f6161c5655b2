"""Land a judged block: raw, live, dead letters; then, and only then, acknowledge it."""

from __future__ import annotations

import datetime
import json
import logging
import time
from collections.abc import Callable

import apache_beam as beam

from pbm360.domain.decode import Rejection
from pbm360.domain.timestamps import EPOCH, MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND
from pbm360.stream.blocks import Message
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.sinks import Stopped, TableAppender

log = logging.getLogger(__name__)


class LandBlock(beam.DoFn):
    """Write a block to all its places, one after the other, and then acknowledge it.

    One step and not four: a block is acknowledged exactly when everything before has committed. Guarantee: at least
    once; a block that comes again lands again, and readers take distinct message ids and event keys.
    """

    def __init__(
        self,
        raw: TableAppender,
        live: TableAppender,
        publish_dead_letters: Callable[[list[tuple[bytes, dict[str, str]]]], object],
        acknowledge: Callable[[JudgedBlock], object],
    ):
        self._raw, self._live = raw, live
        self._publish_dead_letters, self._acknowledge = publish_dead_letters, acknowledge

    def process(self, judged: JudgedBlock):
        """Land the block and pass it on."""
        try:
            self._raw.append([raw_row(message) for message in judged.block.messages])
            self._live.append(judged.rows)
        except Stopped as error:
            log.warning("%d messages stay unacknowledged and come again: %s", len(judged.block.messages), error)
            return
        if judged.refusals:
            self._publish_dead_letters([dead_letter(message, refusal) for message, refusal in judged.refusals])
        self._acknowledge(judged)
        yield judged


class WriteMinutes(beam.DoFn):
    """Write the panes of a bundle in one request; of a minute's panes the one emitted last stands."""

    def __init__(self, minutes: TableAppender):
        self._minutes = minutes
        self._rows: list[tuple] = []

    def process(self, pane: tuple[int, dict, str]):
        """Gather the rows of one pane."""
        minute, totals, timing = pane
        emitted_at, minute_at = time.time_ns() // 1000, minute * MICROSECONDS_PER_SECOND
        self._rows += [(minute_at, *key, count, timing, emitted_at) for key, count in totals.items()]

    def finish_bundle(self) -> None:
        """Write what was gathered."""
        rows, self._rows = self._rows, []
        try:
            self._minutes.append(rows)
        except Stopped as error:  # the next start counts these minutes anew from the live table
            log.warning("%d minute counts are not written: %s", len(rows), error)


def raw_row(message: Message) -> tuple:
    """Return a message as a row of `pbm_bronze.raw_orders` (in the order of `sinks.RAW_SCHEMA`)."""
    known_date = message.stamps.known_at // MICROSECONDS_PER_DAY
    return (*message.stamps, known_date, message.source, message.attributes, message.payload)


def dead_letter(message: Message, refusal: Rejection) -> tuple[bytes, dict[str, str]]:
    """Return the dead letter of a refused message: the reason and a pointer, never the payload."""
    published = EPOCH + datetime.timedelta(microseconds=message.stamps.publish_time)
    body = {
        "reason_code": refusal.reason_code,
        "detail": refusal.detail,
        "message_id": message.stamps.message_id,
        "publish_time": published.isoformat(),
        "source": message.source,
    }
    return json.dumps(body).encode(), {"reason_code": refusal.reason_code}
