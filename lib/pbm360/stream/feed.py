"""Feed a streaming pipeline on one machine from Pub/Sub: blocks, a watermark from event time, acknowledgements."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from apache_beam.coders import VarIntCoder
from apache_beam.portability.api import beam_runner_api_pb2

from pbm360 import broker
from pbm360.domain.decode import COLUMNS
from pbm360.domain.timestamps import MICROSECONDS_PER_SECOND
from pbm360.settings import Settings
from pbm360.stream.blocks import Block, Message, receive
from pbm360.stream.feed_state import FeedState, Rate
from pbm360.stream.judging import JudgedBlock
from pbm360.stream.large_payloads import landable
from pbm360.stream.pulling import PULL_SECONDS, PullAhead
from pbm360.stream.shared import SharedInProcess, StopFlag
from pbm360.stream.watermark import Watermark

Event = beam_runner_api_pb2.TestStreamPayload.Event
TimestampedElement = beam_runner_api_pb2.TestStreamPayload.TimestampedElement
TAG = "blocks"
CODER = VarIntCoder()
BLOCK_MESSAGES = 8000  # at most; larger blocks commit faster a message, smaller ones are seen sooner
BLOCKS_IN_FLIGHT = 4  # bounds memory: the runner's own queue has no bound
SHORTEST_PULL_SECONDS = 4.0  # of a stream that ends when idle: a server under load still answers in time
WAIT_SECONDS = 0.1
TICK_SECONDS = 0.25  # between two tellings of the time; early panes come each second
GATHER_SECONDS = 0.15  # how long, in all, a block that is not full waits for more; each costs three commits
EXTEND_EVERY_SECONDS = 15
EXTENSION_SECONDS = 60
BLOCK_BYTES = 16_000_000  # of payload, after which a block takes no further pull
EVENT_AT = COLUMNS.index("event_at")
log = logging.getLogger(__name__)


class PubSubFeed(SharedInProcess):
    """The source of a pipeline on one machine: it yields what the runner reads, and hears what was committed.

    Delivery: at least once. A message is acknowledged after its block has been landed everywhere; a process that dies
    before leaves it to be delivered again.
    """

    def __init__(self, settings: Settings, stop: StopFlag, until_idle_seconds: float | None = None):
        super().__init__()
        self._settings, self._stop, self._until_idle_seconds = settings, stop, until_idle_seconds
        shorter = max(until_idle_seconds or PULL_SECONDS, SHORTEST_PULL_SECONDS)
        self._puller = PullAhead(settings, stop, min(shorter, PULL_SECONDS), self._fail)
        self._large_payloads = settings.large_payload_folder
        self._free = threading.Semaphore(BLOCKS_IN_FLIGHT)
        self._ack_ids: dict[int, list[str]] = {}
        self._blocks: dict[int, Block] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._watermark = Watermark()
        self._newest_event_at = 0
        self._started_at = self._told_at = self._busy_at = time.monotonic()
        self._state, self._rate = FeedState(), Rate()
        self._failure: Exception | None = None

    @property
    def state(self) -> FeedState:
        """What was done by now, with the lag and the rate of now."""
        now, clock = time.monotonic(), time.time_ns() // 1000
        with self._lock:
            state = replace(self._state, blocks_in_flight=len(self._ack_ids))
            in_hand = [(block.messages[0].stamps.publish_time, len(block.messages)) for block in self._blocks.values()]
        in_hand += [(pulled[0].published, len(pulled)) for pulled, _ in self._puller.waiting()]
        state.backlog = sum(count for _, count in in_hand)
        if in_hand:
            state.lag_seconds = max(clock - min(in_hand)[0], 0) / MICROSECONDS_PER_SECOND
        if (away_since := self._puller.away_since) is not None:
            state.lag_seconds = max(state.lag_seconds, now - away_since)
        state.messages_per_second = self._rate.of(state.received)
        return state

    def read_multiple(self, labels) -> Iterator[Event]:
        """Yield blocks, the watermark and the passage of time, until the stream is to stop (the runner calls this).

        The runner takes an error for the end of the stream: it is kept, and `close` raises it.
        """
        try:
            yield from self._read()
        except Exception as error:
            self._fail(error)
            raise

    def _read(self) -> Iterator[Event]:
        threading.Thread(target=self._keep_extending, daemon=True).start()
        self._puller.start()
        while not self._stop.is_set() and not self._is_idle():
            if not self._free.acquire(timeout=WAIT_SECONDS):
                yield from self._time_passes()
                continue
            block = self._next_block()
            if block is None:
                self._free.release()
            else:
                yield _elements(block)
            yield from self._time_passes()
        while self._ack_ids and not self._stop.wait(0.05):
            yield from self._time_passes()
        self._puller.give_back()

    def block(self, number: int) -> Block:
        """Return a block that is in flight: only its number travels through the runner, the messages stay here."""
        return self._blocks[number]

    def acknowledge(self, judged: JudgedBlock) -> None:
        """Acknowledge a block that has been landed everywhere, and make room for the next."""
        with self._lock:
            ack_ids = self._ack_ids.pop(judged.block.number, None)
            self._blocks.pop(judged.block.number, None)
        if ack_ids is None:
            return  # the runner has run the step twice; once is enough
        try:
            broker.acknowledge(self._settings, self._settings.subscription, ack_ids)
        except broker.BrokerError as error:  # the block is landed: its messages come again, and are known by their keys
            log.warning("a landed block will be delivered again: %s", error)
        finally:
            self._free.release()
        newest = max((row[EVENT_AT] for row in judged.rows), default=0)
        published = judged.block.messages[-1].stamps.publish_time
        with self._lock:
            self._newest_event_at = max(self._newest_event_at, newest)
            self._state.accepted += len(judged.rows)
            self._state.rejected += len(judged.refusals)
            self._state.received += len(judged.block.messages)
            self._state.lag_seconds = max(time.time_ns() // 1000 - published, 0) / MICROSECONDS_PER_SECOND
            self._state.seconds = time.monotonic() - self._started_at

    def close(self) -> None:
        """Return the blocks that could not be landed, so that they come again at once and not after their deadline.

        The last pull may still be open, and what is given back is what it gets: it is waited for, and gives back too.
        Raises what ended the reading, unless it was the stream's stop.
        """
        with self._lock:
            ack_ids = [ack_id for block in self._ack_ids.values() for ack_id in block]
        if ack_ids:
            self._puller.extend(ack_ids, 0)
            self._puller.wait_for_last_pull()
        if self._failure:
            raise self._failure

    def count_too_late(self, count: int) -> None:
        """Note events that were landed and are in no minute's count."""
        with self._lock:
            self._state.too_late += count

    def _next_block(self) -> Block | None:
        """Take what has been pulled until the block is full or nothing more waits; `None` where nothing came."""
        messages: list[Message] = []
        ack_ids: list[str] = []
        gather_until = time.monotonic() + WAIT_SECONDS
        size = 0
        while len(messages) < BLOCK_MESSAGES and size < BLOCK_BYTES:
            pull = self._puller.take(gather_until - time.monotonic())
            if pull is None:
                break
            pulled, ingested_at = pull
            if not messages:  # one deadline a block: a steady trickle must not keep it open until it is full
                gather_until = time.monotonic() + GATHER_SECONDS
            for item in pulled:
                data = landable(item.data, self._large_payloads)
                messages.append(receive(item.message_id, item.published, item.attributes, data, ingested_at))
                ack_ids.append(item.ack_id)
                size += len(item.data)
        if not messages:
            return None
        self._busy_at = time.monotonic()
        block = Block(next(self._numbers), messages)
        with self._lock:
            self._ack_ids[block.number] = ack_ids
            self._blocks[block.number] = block
        return block

    def _fail(self, error: Exception) -> None:
        """Keep what ended the reading, and end the stream: no other thread would hear of it."""
        self._failure = self._failure or error
        self._stop.set()

    def _time_passes(self) -> Iterator[Event]:
        now = time.monotonic()
        elapsed_milliseconds = int((now - self._told_at) * 1000)
        if elapsed_milliseconds < TICK_SECONDS * 1000:
            return
        self._told_at = now
        if self._ack_ids or self._puller.away_since is not None or self._puller.waiting():
            self._busy_at = now  # what waits here, or in a Pub/Sub that is away, is no silence
        watermark = self._watermark.advance(self._newest_event_at, now - self._busy_at)
        advance = Event.AdvanceWatermark(new_watermark=watermark // 1000 * 1000, tag=TAG)
        yield Event(watermark_event=advance)
        passed = Event.AdvanceProcessingTime(advance_duration=elapsed_milliseconds * 1000)
        yield Event(processing_time_event=passed)

    def _is_idle(self) -> bool:
        quiet_since = self._puller.quiet_since
        if self._until_idle_seconds is None or quiet_since is None or self._ack_ids or self._puller.waiting():
            return False
        return time.monotonic() - quiet_since > self._until_idle_seconds

    def _keep_extending(self) -> None:
        """Keep the messages in hand ours while the warehouse is slow."""
        while not self._stop.wait(EXTEND_EVERY_SECONDS):
            with self._lock:
                ack_ids = [ack_id for block in self._ack_ids.values() for ack_id in block]
            ack_ids += [item.ack_id for pulled, _ in self._puller.waiting() for item in pulled]
            if ack_ids:
                self._puller.extend(ack_ids, EXTENSION_SECONDS)


def _elements(block: Block) -> Event:
    ingested_at = block.messages[0].stamps.ingested_at // 1000 * 1000
    element = TimestampedElement(encoded_element=CODER.encode(block.number), timestamp=ingested_at)
    return Event(element_event=Event.AddElements(elements=[element], tag=TAG))
