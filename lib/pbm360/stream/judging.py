"""Judge the messages of a block, once for all branches of the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import apache_beam as beam

from pbm360.domain.decode import Decoder, Rejection
from pbm360.stream.blocks import Block, Message


@lru_cache(maxsize=2)
def decoder(pseudonym_key: str) -> Decoder:
    """Make a key's decoder once a process."""
    return Decoder(pseudonym_key)


class JudgedBlock(NamedTuple):
    """A block and what became of its messages: rows of `decode.COLUMNS`, and refusals with their message."""

    block: Block
    rows: list[list]
    refusals: list[tuple[Message, Rejection]]


def judge(block: Block, decoder: Decoder) -> JudgedBlock:
    """Judge each message of a block."""
    rows, refusals = [], []
    for message in block.messages:
        outcome = decoder.decode(message.payload, message.stamps)
        if type(outcome) is Rejection:
            refusals.append((message, outcome))
        else:
            rows.append(outcome)
    return JudgedBlock(block, rows, refusals)


class JudgeMessages(beam.PTransform):
    """Block -> JudgedBlock, element by element: each message decoded and validated, an event's row or a refusal.

    No state, so a block that comes again is judged the same. The key is asked for where the work is done.
    """

    def __init__(self, pseudonym_key: Callable[[], str]):
        super().__init__()
        self._pseudonym_key = pseudonym_key

    def expand(self, blocks):
        return blocks | beam.ParDo(JudgeBlock(self._pseudonym_key))  # JudgedBlock(block, rows, refusals)


class JudgeBlock(beam.DoFn):
    """Hold the decoder, which remembers codes and pseudonyms."""

    def __init__(self, pseudonym_key: Callable[[], str]):
        self._pseudonym_key = pseudonym_key
        self._decoder: Decoder | None = None

    def setup(self) -> None:
        """Find the process's decoder where the work is done; some runners set a step up again for every bundle."""
        self._decoder = decoder(self._pseudonym_key())

    def process(self, block: Block):
        """Judge each message of the block."""
        yield judge(block, self._decoder)
