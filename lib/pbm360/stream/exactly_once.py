"""Beam's own sink, for comparison: the Storage Write API with streams of its own, exactly once, by a transform in Java.

Rows leave the blocks, travel through a coder of rows and a shuffle, and are committed by offset in Java every few
seconds. It needs Java where the job is launched and a second container on every worker. The house's own sink writes a
block at least once and lets readers take sets; `docs/decisions.md` compares the two.
"""

from __future__ import annotations

import datetime
import decimal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.gcp.bigquery import BigQueryDisposition, WriteToBigQuery
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.utils.timestamp import Timestamp

from pbm360.domain.timestamps import EPOCH, MICROSECONDS_PER_SECOND
from pbm360.settings import Settings
from pbm360.stream.judging import JudgeMessages
from pbm360.stream.landing import live_rows, raw_rows
from pbm360.stream.pipeline import StreamParts
from pbm360.stream.refusing import SendDeadLetters
from pbm360.stream.sinks import EVENT_SCHEMA, MINUTE_SCHEMA, RAW_SCHEMA

COMMIT_SECONDS = 5  # Beam's advice for exactly once; a row is seen that much later
PYTHON_TYPES = (
    (pa.types.is_timestamp, Timestamp),
    (pa.types.is_date, str),  # Beam's rows know no date; BigQuery takes its text
    (pa.types.is_int64, int),
    (pa.types.is_boolean, bool),
    (pa.types.is_decimal, decimal.Decimal),
    (pa.types.is_binary, bytes),
    (pa.types.is_string, str),
)


@dataclass(frozen=True)
class ExactlyOnceSink:
    """Where rows go: the settings name the datasets; the expansion service is Beam's own jar where none is named."""

    settings: Settings
    expansion_service: str = ""

    def write(self, rows: beam.PCollection, table: str, schema: pa.Schema) -> None:
        """Write rows (values in the schema's order) into a table that stands (`layer.table`)."""
        layer, _, name = table.partition(".")
        typed = rows | f"Type_{name}" >> beam.Map(to_beam_row, kinds(schema)).with_output_types(row_type(schema))
        typed | f"Write_{name}" >> WriteToBigQuery(
            f"{self.settings.project}:{self.settings.dataset(layer)}.{name}",
            method=WriteToBigQuery.Method.STORAGE_WRITE_API,
            create_disposition=BigQueryDisposition.CREATE_NEVER,
            triggering_frequency=COMMIT_SECONDS,
            with_auto_sharding=True,
            expansion_service=self.expansion_service or None,
        )


def build_exactly_once(blocks: beam.PCollection, parts: StreamParts, sink: ExactlyOnceSink) -> beam.PCollection:
    """Add every step behind a PCollection of blocks, with Beam's sink in place of the house's; returns judged blocks.

    Landing and counting stand side by side here: Beam's sink passes nothing on that has been committed.
    """
    judged = blocks | "JudgeMessages" >> JudgeMessages(parts.pseudonym_key)  # JudgedBlock(block, rows, refusals)
    sink.write(judged | "RawRows" >> beam.FlatMap(raw_rows), "bronze.raw_orders", RAW_SCHEMA)
    sink.write(judged | "LiveRows" >> beam.FlatMap(live_rows), "live.order_events", EVENT_SCHEMA)
    told = judged | "SendDeadLetters" >> SendDeadLetters(parts.publish_dead_letters, parts.dead_letters)  # JudgedBlock
    panes = told | "CountStagesByMinute" >> parts.counting  # (minute, totals, timing)
    sink.write(panes | "MinuteRows" >> beam.FlatMap(minute_rows), "live.stage_minutes", MINUTE_SCHEMA)
    return told


def minute_rows(pane: tuple[int, dict, str]) -> Iterator[tuple]:
    """Yield the rows of one pane."""
    minute, totals, timing = pane
    emitted_at, minute_at = time.time_ns() // 1000, minute * MICROSECONDS_PER_SECOND
    for place, count in totals.items():
        yield (minute_at, *place, count, timing, emitted_at)


def kinds(schema: pa.Schema) -> list[tuple[str, type]]:
    """Return each column's Python type."""
    return [(field.name, next(kind for test, kind in PYTHON_TYPES if test(field.type))) for field in schema]


def row_type(schema: pa.Schema) -> RowTypeConstraint:
    """Return the type of a Beam row, every column nullable."""
    return RowTypeConstraint.from_fields([(name, kind | None) for name, kind in kinds(schema)])


def to_beam_row(values: Iterable[Any], columns: list[tuple[str, type]]) -> beam.Row:
    """Return a row of Beam's own types: instants as timestamps, days as `YYYY-MM-DD`."""
    return beam.Row(**{name: to_beam(value, kind) for (name, kind), value in zip(columns, values, strict=True)})


def to_beam(value: Any, kind: type) -> Any:
    """Return a value as Beam's rows want it."""
    if value is None:
        return None
    if kind is Timestamp:
        return Timestamp(micros=value)
    if kind is str and isinstance(value, int):
        return (EPOCH + datetime.timedelta(days=value)).date().isoformat()
    return value
