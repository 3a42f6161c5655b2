"""Put the pipeline together: judge, land and acknowledge, count by minute. Source and sinks are given to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apache_beam as beam

from pbm360.stream.counting import CountStagesByMinute, SeenEvents
from pbm360.stream.judging import JudgedBlock, JudgeMessages
from pbm360.stream.landing import LandBlock, WriteMinutes
from pbm360.stream.sinks import TableAppender


@dataclass(frozen=True)
class StreamParts:
    """What a home of the pipeline brings along: the key, the sinks, and what happens once a block is landed."""

    pseudonym_key: str
    raw: TableAppender
    live: TableAppender
    minutes: TableAppender
    publish_dead_letters: Callable[[list[tuple[bytes, dict[str, str]]]], object]
    acknowledge: Callable[[JudgedBlock], object]
    seen: SeenEvents


def build(blocks: beam.PCollection, parts: StreamParts) -> beam.PCollection:
    """Add every step behind a PCollection of blocks; returns what the last step yields (nothing).

    Counting comes behind landing, so that what is counted is landed, and a block that failed to land is not counted.
    """
    landed = (
        blocks
        | "JudgeMessages" >> JudgeMessages(parts.pseudonym_key)  # JudgedBlock(block, rows, refusals)
        | "LandBlock"
        >> beam.ParDo(LandBlock(parts.raw, parts.live, parts.publish_dead_letters, parts.acknowledge))  # JudgedBlock
    )
    return (
        landed
        | "CountStagesByMinute" >> CountStagesByMinute(parts.seen)  # (minute, {(stage, pharmacy, carrier): n}, timing)
        | "WriteMinutes" >> beam.ParDo(WriteMinutes(parts.minutes))  # nothing
    )
