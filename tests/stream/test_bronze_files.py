"""Bronze in files comes back as the messages that it was."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pbm360.domain.decode import Stamps
from pbm360.stream.blocks import Message
from pbm360.stream.bronze_files import ReadBronze, main
from pbm360.stream.landing import raw_row
from pbm360.stream.sinks import RAW_SCHEMA

MESSAGES = [
    Message(Stamps("1", 1_000_001, 2_000_002, 86_400_000_003), "oms", '{"source":"oms"}', b"\xff\x00 no text"),
    Message(Stamps("2", 1, 2, 3), None, "{}", b""),
    Message(Stamps("3", 4, 5, 6), "wms", "{}", b"{}"),
]


def test_each_row_group_is_a_block_of_the_messages_that_were_received(tmp_path):
    columns = zip(zip(*map(raw_row, MESSAGES), strict=True), RAW_SCHEMA, strict=True)
    rows = pa.table([pa.array(values, field.type) for values, field in columns], schema=RAW_SCHEMA)
    parquet.write_table(rows, tmp_path / "a.parquet", row_group_size=2)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        blocks = pipeline | beam.Create([str(tmp_path / "a.parquet")]) | ReadBronze()
        assert_that(blocks | beam.Map(lambda block: block.messages), equal_to([MESSAGES[:2], MESSAGES[2:]]))


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="must name a folder that holds"):
        main([f"--bronze_folder={tmp_path}"])
