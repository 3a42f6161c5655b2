"""Accept the uploads of google-cloud-bigquery and load them by column name, all files or none.

Faults: the client's media type is refused; parquet columns are matched by position, so that a file with another
order of columns lands in the wrong ones, and can't make a table; a load that fails midway keeps its first files; a
streamed row with an unknown field is accepted without it.
"""

from __future__ import annotations

from bqemulator.api.routes import tabledata, upload
from bqemulator.domain.errors import InvalidQueryError, NotFoundError
from bqemulator.jobs import executor

from pbm360.local.bigquery.corrections.definitions import register_columns
from pbm360.local.bigquery.patching import replace_everywhere

emulator_rows_to_arrow = tabledata.bq_rows_to_arrow
emulator_load = executor.execute_load_job


def install() -> None:
    """Register the corrections of load jobs."""
    replace_everywhere(upload._is_permitted_media_type, accept_any_media_type)
    replace_everywhere(tabledata.bq_rows_to_arrow, rows_to_arrow)
    replace_everywhere(executor.execute_load_job, run_load_job)
    executor._LOAD_FORMAT_HANDLERS["PARQUET"] = load_parquet


def accept_any_media_type(media_type: str) -> bool:
    """Accept what the client sends; the format is named by the job, not by the media type."""
    return True


async def run_load_job(project_id: str, job_id: str, config: dict, ctx):
    """Run a load job as one transaction."""
    _refuse_decorator(config)
    with ctx.engine.transaction():
        return await emulator_load(project_id, job_id, config, ctx)


def _refuse_decorator(config: dict) -> None:
    table_id = config.get("load", {}).get("destinationTable", {}).get("tableId", "")
    if "$" in table_id:
        raise InvalidQueryError(
            f"partition decorator {table_id!r} is not supported here; delete the partition's rows and append"
        )


def load_parquet(path: str, target: str, ctx) -> None:
    """Insert a parquet file's columns by name; an unknown column is an error, a missing one becomes null.

    A table that does not exist yet is made from the file, as BigQuery makes it.
    """
    place = _place_of(target)
    if ctx.catalog.get_table(*place) is None:
        if ctx.catalog.get_dataset(*place[:2]) is None:
            raise NotFoundError(f"Not found: Dataset {place[0]}:{place[1]}")
        rows = ctx.engine.fetch_arrow("SELECT * FROM read_parquet(?) LIMIT 0", [path])
        ctx.engine.execute(f"CREATE TABLE {target} AS SELECT * FROM read_parquet(?) LIMIT 0", [path])
        register_columns(place, executor.build_response_schema(rows.schema), ctx)
    known = {row[0] for row in ctx.engine.execute(f"DESCRIBE {target}").fetchall()}
    given = [row[0] for row in ctx.engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"the table has no column {', '.join(unknown)}")
    ctx.engine.execute(f"INSERT INTO {target} BY NAME SELECT * FROM read_parquet(?)", [path])


def _place_of(target: str) -> tuple[str, str, str]:
    """Read project, dataset and table out of the emulator's quoted name `"project__dataset"."table"`."""
    schema, _, table = target.replace('"', "").partition(".")
    project, _, dataset = schema.partition("__")
    return project, dataset, table


def rows_to_arrow(rows: list[dict], schema):
    """Turn streamed rows into Arrow; raises `InvalidQueryError` for a field that the table does not have."""
    for number, row in enumerate(rows):
        unknown = sorted(set(row.get("json", row)) - set(schema.names))
        if unknown:
            raise InvalidQueryError(f"row {number}: no such field: {', '.join(unknown)}")
    return emulator_rows_to_arrow(rows, schema)
