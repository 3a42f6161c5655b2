"""Accept the uploads of google-cloud-bigquery and load them by column name, all files or none.

Faults: the client's media type is refused; parquet columns are matched by position, so that a file with another
order of columns lands in the wrong ones; a load of several files that fails midway keeps the first files.
"""

from __future__ import annotations

from bqemulator.api.routes import upload
from bqemulator.domain.errors import DomainError, InvalidQueryError
from bqemulator.jobs import executor

from pbm360.local.bigquery.patching import replace_everywhere

emulator_load = executor.execute_load_job


def install() -> None:
    """Register the corrections of load jobs."""
    replace_everywhere(upload._is_permitted_media_type, accept_any_media_type)
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
    """Insert a parquet file's columns by name; an unknown column is an error, a missing one becomes null."""
    known = {row[0] for row in ctx.engine.execute(f"DESCRIBE {target}").fetchall()}
    given = [row[0] for row in ctx.engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"the table has no column {', '.join(unknown)}")
    ctx.engine.execute(f"INSERT INTO {target} BY NAME SELECT * FROM read_parquet(?)", [path])


__all__ = ["DomainError", "install"]
