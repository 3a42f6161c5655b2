"""Replay bronze that lies in Parquet files, on any engine that Beam has a runner for, on several workers.

`python -m pbm360.stream.bronze_files --bronze_folder FOLDER` with Beam's own options for the runner. It writes to the
datasets that the settings name; give it a prefix of its own (PBM360_DATASET_PREFIX).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as parquet
from apache_beam.options.pipeline_options import PipelineOptions

from pbm360.domain.decode import Stamps
from pbm360.settings import load_settings
from pbm360.stream.blocks import Block, Message
from pbm360.stream.options import ReplayOptions
from pbm360.stream.pipeline import build, do_nothing
from pbm360.stream.sinks import RAW_SCHEMA
from pbm360.stream.workers import worker_parts

INSTANTS = ("publish_time", "ingested_at", "known_at")
READ_SCHEMA = pa.schema(  # instants as the stream carries them: microseconds since 1970, UTC
    [(field.name, pa.int64() if field.name in INSTANTS else field.type) for field in RAW_SCHEMA]
)


class ReadBronze(beam.PTransform):
    """File name -> Block: one a row group, with the stamps that its messages had.

    Bounded. The row groups are spread over the workers; one that a dead worker had is read again by another.
    """

    def expand(self, names):
        return (
            names
            | "FindRowGroups" >> beam.FlatMap(row_groups)  # (file name, number)
            | "Spread" >> beam.Reshuffle()
            | "ReadBlock" >> beam.MapTuple(read_block)  # Block
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Replay the files that the command line names, and wait until it is done."""
    options = PipelineOptions(sys.argv[1:] if arguments is None else list(arguments))
    folder = Path(options.view_as(ReplayOptions).bronze_folder)
    names = sorted(map(str, folder.glob("*.parquet")))
    if not names:
        raise FileNotFoundError(f"--bronze_folder must name a folder that holds *.parquet; got {str(folder)!r}")
    with beam.Pipeline(options=options) as pipeline:
        add_replay(pipeline, names)


def add_replay(pipeline: beam.Pipeline, names: Sequence[str]) -> beam.PCollection:
    """Add every step; returns the landed blocks. No dead letter is published: it was, when the message came."""
    parts = replace(worker_parts(load_settings(), key_here, bounded=True), publish_dead_letters=do_nothing)
    blocks = pipeline | "Files" >> beam.Create(names) | "ReadBronze" >> ReadBronze()
    return build(blocks, parts)


def key_here() -> str:
    """Return the key of the pseudonyms from the settings of the worker, so that it is in no graph."""
    return load_settings().required_pseudonym_key


def row_groups(name: str) -> Iterator[tuple[str, int]]:
    """Yield each row group of a file."""
    for number in range(parquet.read_metadata(name).num_row_groups):
        yield name, number


def read_block(name: str, number: int) -> Block:
    """Read a row group as a block."""
    rows = parquet.ParquetFile(name).read_row_group(number).cast(RAW_SCHEMA).cast(READ_SCHEMA)
    return Block(number, [_message(row) for row in rows.to_pylist()])


def _message(row: dict) -> Message:
    stamps = Stamps(row["message_id"], *(row[name] for name in INSTANTS))
    return Message(stamps, row["source"], row["attributes"], row["payload"])


if __name__ == "__main__":
    # run as a file or by -m this module is `__main__`, which workers don't know: its steps must come from the package
    from pbm360.stream import bronze_files

    bronze_files.main()
