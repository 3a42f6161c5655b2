"""Gather single messages into blocks, which are written together, where a runner delivers them one by one."""

from __future__ import annotations

import datetime
import random
import time
from collections.abc import Iterable

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage

from pbm360.domain.decode import Stamps
from pbm360.domain.timestamps import EPOCH
from pbm360.stream.blocks import Block, Message, receive
from pbm360.stream.large_payloads import landable

LARGE_BYTES = 100_000  # a payload from here on is a block of its own: 500 of Pub/Sub's largest would be 5 GB
KEYS = 4  # each of which the runner shards further
MICROSECOND = datetime.timedelta(microseconds=1)
FlatMessage = tuple  # a message's fields in a row: plain values travel in half of what a named tuple takes


class StampMessages(beam.PTransform):
    """PubsubMessage (with attributes) -> Message, with `ingested_at`.

    It stands before the first shuffle. Once the shuffle has a message, its stamps are fixed: raw and live get the same,
    however often a step behind is tried again. A payload that no row can hold goes to an object below `large_payloads`.
    """

    def __init__(self, large_payloads: str):
        super().__init__()
        self._large_payloads = large_payloads

    def expand(self, messages):
        return messages | beam.Map(stamp, self._large_payloads)  # Message


class GatherBlocks(beam.PTransform):
    """Message -> Block of so many messages at most, none of which has waited longer than so many seconds.

    Windows: the global one. State: the messages of an unfinished block, by key and shard, and a timer in processing
    time. A payload of `LARGE_BYTES` or more goes alone. Guarantee: that of the runner; a message is acknowledged to
    Pub/Sub once the shuffle has stored it, and comes to a block in spite of any worker's death.
    """

    def __init__(self, block_messages: int, block_seconds: float):
        super().__init__()
        self._block_messages, self._block_seconds = block_messages, block_seconds

    def expand(self, messages):
        small, large = messages | "BySize" >> beam.Partition(place_by_size, 2)
        gathered = (
            small
            | "WithKey" >> beam.Map(with_key).with_output_types(tuple[int, FlatMessage])  # (key, fields)
            | "Group"
            >> beam.GroupIntoBatches.WithShardedKey(
                self._block_messages, self._block_seconds or None
            )  # (sharded key, [fields])
            | "WithoutKey" >> beam.Values()  # [fields]
        )
        alone = large | "OneAlone" >> beam.Map(alone_in_list) | "StoreLarge" >> beam.Reshuffle()  # [fields]
        return (gathered, alone) | "AllGroups" >> beam.Flatten() | "MakeBlock" >> beam.Map(make_block)  # Block


def stamp(message: PubsubMessage, large_payloads: str) -> Message:
    """Return a message with what the receiver adds."""
    published = (message.publish_time - EPOCH) // MICROSECOND
    payload = landable(message.data, large_payloads)
    return receive(message.message_id, published, dict(message.attributes), payload, time.time_ns() // 1000)


def place_by_size(message: Message, _: int) -> int:
    """Return 0 for a message that is grouped with others, 1 for one that goes alone."""
    return int(len(message.payload) >= LARGE_BYTES)


def with_key(message: Message) -> tuple[int, FlatMessage]:
    """Return a message's fields behind one of a few keys; which one doesn't matter."""
    return random.randrange(KEYS), flat(message)


def alone_in_list(message: Message) -> list[FlatMessage]:
    """Return a large message's fields as a group of one."""
    return [flat(message)]


def flat(message: Message) -> FlatMessage:
    """Return the fields of a message, its stamps first."""
    return (*message.stamps, message.source, message.attributes, message.payload)


def make_block(messages: Iterable[FlatMessage]) -> Block:
    """Return a block; the runner acknowledges, so it needs no number."""
    return Block(0, [Message(Stamps(*fields[:4]), *fields[4:]) for fields in messages])
