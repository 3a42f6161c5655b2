"""Make dead letters of a block's refused messages: the reason and a pointer to the raw message, never the payload."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from functools import partial

import apache_beam as beam

from pbm360 import broker
from pbm360.domain.decode import Rejection
from pbm360.domain.timestamps import EPOCH, MICROSECONDS_PER_DAY
from pbm360.settings import Settings
from pbm360.stream.blocks import Message
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.retrying import until_taken
from pbm360.stream.shared import StopFlag
from pbm360.stream.sinks import TableAppender

PUBLISH_SECONDS = 2.0  # for one try: the waiting is done here, where the stream's stop is heard
WHAT_HELPS = "`pbm360 up` makes the topics on a laptop, Terraform on Google Cloud; the stream must be a publisher there"
DeadLetter = tuple[bytes, dict[str, str]]  # body, attributes


def instant(microseconds: int) -> datetime.datetime:
    """Return microseconds since 1970 as a datetime, UTC."""
    return EPOCH + datetime.timedelta(microseconds=microseconds)


def dead_letter(message: Message, refusal: Rejection) -> DeadLetter:
    """Return the dead letter of a refused message; its id and the day (UTC) it was known find it in bronze."""
    body = {
        "reason_code": refusal.reason_code,
        "detail": refusal.detail,
        "message_id": message.stamps.message_id,
        "known_date": instant(message.stamps.known_at).date().isoformat(),
        "publish_time": instant(message.stamps.publish_time).isoformat(),
        "source": message.source,
    }
    return json.dumps(body).encode(), {"reason_code": refusal.reason_code}


def dead_letter_row(message: Message, refusal: Rejection) -> tuple:
    """Return a refused message as a row of `pbm_ops.dead_letters` (in the order of `sinks.DEAD_LETTER_SCHEMA`)."""
    stamps = message.stamps
    known_date = stamps.known_at // MICROSECONDS_PER_DAY
    return (stamps.message_id, known_date, message.source, *refusal, stamps.publish_time, stamps.ingested_at)


def publish_until_taken(settings: Settings, stop: StopFlag, letters: list[DeadLetter]) -> None:
    """Publish dead letters; waits and tries again while Pub/Sub is away, as appends do (`retrying.until_taken`)."""
    topic = settings.dead_letter_topic
    publish = partial(broker.publish_batches, settings, topic, letters, patience_seconds=PUBLISH_SECONDS)
    until_taken(publish, topic, WHAT_HELPS, stop)


class SendDeadLetters(beam.PTransform):
    """JudgedBlock -> the same, once `pbm_ops.dead_letters` and the dead-letter topic take its refused messages.

    It stands behind bronze, also where the committer does the writing, so that what a dead letter points to is there.
    Guarantee: at least once; readers take distinct message ids. A block without refusals passes at once: a poison
    message holds nobody up.
    """

    def __init__(self, publish: Callable[[list[DeadLetter]], object], table: TableAppender):
        super().__init__()
        self._publish, self._table = publish, table

    def expand(self, landed):
        return landed | beam.ParDo(SendRefusals(self._publish, self._table))  # JudgedBlock


class SendRefusals(beam.DoFn):
    """Publish and note the dead letters of one block."""

    def __init__(self, publish: Callable[[list[DeadLetter]], object], table: TableAppender):
        self._publish, self._table = publish, table

    def process(self, judged: JudgedBlock):
        """Send them, then pass the block on."""
        self._table.append([dead_letter_row(*refused) for refused in judged.refusals])
        if judged.refusals:
            self._publish([dead_letter(*refused) for refused in judged.refusals])
        yield judged
