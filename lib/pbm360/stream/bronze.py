"""Feed the pipeline from bronze: a day's messages as blocks, with the stamps that they had."""

from __future__ import annotations

from functools import partial

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_stream import TestStream

from pbm360.domain.decode import Stamps
from pbm360.settings import Settings
from pbm360.stream.blocks import Block, Message
from pbm360.stream.counting import CountFirstCopies
from pbm360.stream.deduplicating import SeenEvents
from pbm360.stream.pipeline import StreamParts, build, do_nothing
from pbm360.stream.shared import SharedInProcess
from pbm360.stream.sinks import DEAD_LETTER_SCHEMA, EVENT_SCHEMA, MINUTE_SCHEMA, RAW_SCHEMA, TableAppender
from pbm360.warehouse import Warehouse

BLOCK_MESSAGES = 5000
OPTIONS = ("--runner=BundleBasedDirectRunner", "--streaming", "--allow_unsafe_triggers")
INSTANTS = ("publish_time", "ingested_at", "known_at")


class BronzeBlocks(SharedInProcess):
    """The messages of one day of `pbm_bronze.raw_orders`, cut into blocks."""

    def __init__(self, warehouse: Warehouse, day):
        super().__init__()
        rows = warehouse.read_table("bronze.raw_orders", row_filter=f"known_date = '{day}'").sort_by("ingested_at")
        self._rows = rows
        self.message_count = rows.num_rows

    def numbers(self) -> range:
        """Return the blocks' numbers."""
        return range(-(-self.message_count // BLOCK_MESSAGES))

    def block(self, number: int) -> Block:
        """Return one block, its messages stamped as they were."""
        return Block(number, messages(self._rows.slice(number * BLOCK_MESSAGES, BLOCK_MESSAGES)))


def messages(rows: pa.Table) -> list[Message]:
    """Return rows of `pbm_bronze.raw_orders` as the messages that they were, stamps included."""
    for name in INSTANTS:
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pc.cast(rows[name], pa.timestamp("us", "UTC")).cast(pa.int64()))
    return [_message(row) for row in rows.to_pylist()]


def stream_bronze(origin: Warehouse, target: Settings, day) -> int:
    """Run the pipeline over a day of `origin`'s bronze into the datasets of `target`; returns how many messages it had.

    The dead-letter topic hears nothing: those letters were sent when the messages came.
    """
    blocks = BronzeBlocks(origin, day)
    events = TestStream(coder=VarIntCoder())
    for number in blocks.numbers():  # one event a block: the runner takes the next when the last has gone all the way
        events = events.add_elements([number])
    with beam.Pipeline(options=PipelineOptions(list(OPTIONS))) as pipeline:
        numbers = pipeline | events.advance_watermark_to_infinity()
        build(numbers | "TakeBlock" >> beam.Map(blocks.block), scratch_parts(target))
    return blocks.message_count


def scratch_parts(settings: Settings) -> StreamParts:
    """Return the parts of a pipeline that writes to a replay's own datasets and tells nobody."""
    return StreamParts(
        pseudonym_key=partial(str, settings.required_pseudonym_key),
        raw=TableAppender(settings, "bronze.raw_orders", RAW_SCHEMA),
        live=TableAppender(settings, "live.order_events", EVENT_SCHEMA),
        minutes=TableAppender(settings, "live.stage_minutes", MINUTE_SCHEMA),
        dead_letters=TableAppender(settings, "ops.dead_letters", DEAD_LETTER_SCHEMA),
        publish_dead_letters=do_nothing,
        counting=CountFirstCopies(SeenEvents(), do_nothing, lateness_seconds=None),
    )


def _message(row: dict) -> Message:
    stamps = Stamps(row["message_id"], *(row[name] for name in INSTANTS))
    return Message(stamps, row["source"], row["attributes"], row["payload"] or b"")
