"""Serve a query's rows by Storage Read, as BigQuery does: each job names an anonymous table that holds its result.

The emulator names such a table, and Storage Read does not find it; over REST a result's rows become texts and back.
"""

from __future__ import annotations

import pyarrow as pa
from bqemulator.domain.errors import InvalidQueryError, NotFoundError
from bqemulator.jobs import executor
from bqemulator.streaming import read_session

KINDS = {  # by the type that the job's schema names; a column of any other stays as the engine gives it
    "INTEGER": pa.int64(),
    "FLOAT": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "STRING": pa.string(),
    "NUMERIC": pa.decimal128(38, 9),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}


def is_result(table_path: str) -> bool:
    """Tell whether `projects/P/datasets/D/tables/T` names a job's result."""
    return table_path.split("/")[3:4] == [executor._ANONYMOUS_RESULTS_DATASET]


def open_session(request) -> tuple[read_session.ReadSessionState, pa.Table]:
    """Open a read session over a job's result; returns it and the rows, in the result's order and one stream.

    Raises `NotFoundError` for a result that is no longer kept, `InvalidQueryError` for a filter.
    """
    asked = request.read_session
    if asked.read_options.row_restriction:
        raise InvalidQueryError("a query's result is read without a filter; filter in the query", location="filter")
    flat = asked.table.split("/")[5].removeprefix("anon")
    job_id = next((job for job in executor.JOB_RESULTS if job.replace("-", "") == flat), None)
    rows = executor.JOB_RESULTS.get(job_id)
    if rows is None:
        raise NotFoundError(f"Not found: the result {asked.table}; it was read long ago. Run the query again")
    rows = with_declared_types(rows, executor.JOB_SCHEMAS[job_id])
    state = read_session.create_read_session(
        project_id=asked.table.split("/")[1],
        table_ref=asked.table,
        arrow_table=rows,
        max_streams=1,
        selected_fields=list(asked.read_options.selected_fields) or None,
        data_format=read_session.FORMAT_ARROW,
        required_field_names=frozenset(),
    )
    return state, rows


def with_declared_types(rows: pa.Table, fields: list[dict]) -> pa.Table:
    """Cast a result's columns to the types that the job's schema declares (the engine's are wider or narrower)."""
    for place, field in enumerate(fields):
        kind = KINDS.get(field["type"])
        if kind is not None and field.get("mode") == "REPEATED":
            kind = pa.list_(kind)
        if kind is not None and rows.schema.field(place).type != kind:
            rows = rows.set_column(place, field["name"], rows.column(place).cast(kind))
    return rows
