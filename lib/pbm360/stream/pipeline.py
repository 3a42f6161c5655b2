"""The streaming pipeline: judge, land raw, land live, send dead letters, acknowledge, drop copies, count by minute.

The contract is a PCollection of blocks and a `StreamParts`. Any source that makes blocks will do: on a laptop the feed
of `feed.py`, on Dataflow Pub/Sub's messages in groups. Everything in the parts is pickled to where the work is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apache_beam as beam

from pbm360.stream.counting import WriteMinutes
from pbm360.stream.judging import JudgedBlock, JudgeMessages
from pbm360.stream.landing import Acknowledge, LandLive, LandRaw
from pbm360.stream.refusing import DeadLetter, SendDeadLetters
from pbm360.stream.sinks import TableAppender


def do_nothing(_: object) -> None:
    """Take what a step tells, where nobody asks."""


@dataclass(frozen=True)
class StreamParts:
    """What a home of the pipeline brings along: the key, the sinks, how it counts, what follows once a block is landed.

    `pseudonym_key` is asked where messages are judged, so that the key is in no graph. `counting` turns landed blocks
    into panes of a minute: `CountFirstCopies` where one process sees every event, `CountDistinctEntries` where several
    workers do. `acknowledge` does nothing where the runner does it.
    """

    pseudonym_key: Callable[[], str]
    raw: TableAppender
    live: TableAppender
    minutes: TableAppender
    dead_letters: TableAppender
    publish_dead_letters: Callable[[list[DeadLetter]], object]
    counting: beam.PTransform
    acknowledge: Callable[[JudgedBlock], object] = do_nothing


def build(blocks: beam.PCollection, parts: StreamParts) -> beam.PCollection:
    """Add every step behind a PCollection of blocks; returns the blocks that went through.

    The steps that land stand in a row, and rows are committed in their order: what is acknowledged has been landed
    everywhere, and a minute's counts are written behind the events that they hold. On several workers a block goes on
    when it is committed. On a laptop it goes on at once: the committer commits behind the steps, its acknowledgement
    last, and after a commit that failed it makes no other.
    """
    landed = (
        blocks
        | "JudgeMessages" >> JudgeMessages(parts.pseudonym_key)  # JudgedBlock(block, rows, refusals)
        | "LandRaw" >> LandRaw(parts.raw)  # JudgedBlock
        | "LandLive" >> LandLive(parts.live)  # JudgedBlock
        | "SendDeadLetters" >> SendDeadLetters(parts.publish_dead_letters, parts.dead_letters)  # JudgedBlock
        | "Acknowledge" >> Acknowledge(parts.acknowledge)  # JudgedBlock
    )
    (
        landed
        | "CountStagesByMinute" >> parts.counting  # (minute, {(stage, pharmacy, carrier): n}, timing)
        | "WriteMinutes" >> WriteMinutes(parts.minutes)  # nothing
    )
    return landed
