"""Make jobs tell the truth: failures fail by every entry point, `destination` is written, labels are kept.

Faults: jobs.query answers 200 with an `errors` field, which `query_and_wait` takes for an empty result; `destination`
and labels are dropped; a `$partition` decorator is ignored; a table and its catalog entry are written one by one.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import sqlglot
from bqemulator.api.routes import jobs
from bqemulator.domain.errors import AlreadyExistsError, DomainError, InvalidQueryError, NotFoundError
from bqemulator.jobs import executor
from bqemulator.scripting.ast import SqlStmt
from bqemulator.storage.sql_identifiers import quoted_table_ref
from sqlglot import exp

from pbm360.local.bigquery.corrections.partition_filters import refuse_missing_filters
from pbm360.local.bigquery.patching import replace_everywhere
from pbm360.local.bigquery.result_tables import with_declared_types

ANONYMOUS_DATASET = executor._ANONYMOUS_RESULTS_DATASET

emulator_query_job = executor.execute_query_job
emulator_parse_create_model = executor.parse_create_model


def install() -> None:
    """Register the corrections of query jobs."""
    jobs._SQL_EXECUTION_DOMAIN_ERRORS = ()  # jobs.query: let the error become the HTTP status that it is
    replace_everywhere(executor.execute_query_job, run_query_job)
    replace_everywhere(executor.parse_create_model, refuse_create_model)
    replace_everywhere(jobs._execute_query_or_failed_meta, run_or_keep_error)


def refuse_create_model(bq_sql: str) -> None:
    """Raise `InvalidQueryError` for a statement that would learn a model: the emulator notes it and learns nothing."""
    if emulator_parse_create_model(bq_sql) is not None:
        raise InvalidQueryError("CREATE MODEL is BigQuery ML's; no model is learnt here", location="query")


async def run_query_job(project_id, job_id, bq_sql, query_params, ctx, *, use_cache=True, caller=None):
    """Run a query: a script by its own rules, a write as one transaction, a read as it is."""
    statements = executor._parse_script_or_raise(bq_sql).statements
    if not statements:
        raise InvalidQueryError("the query holds no statement", location="query")
    refuse_missing_filters(bq_sql, project_id, ctx)
    request = (project_id, job_id, bq_sql, query_params, ctx)
    is_script = len(statements) != 1 or not isinstance(statements[0], SqlStmt)
    with ctx.engine.room.for_query(), nullcontext() if is_script else _as_one_statement(bq_sql, ctx.engine):
        return await emulator_query_job(*request, caller=caller)


def _as_one_statement(bq_sql: str, engine) -> AbstractContextManager:
    """Return what a statement runs in: a read as it is, a write as a transaction, that of a new table beside others."""
    kind, *place = _what_it_does(bq_sql)
    if kind == "read":
        return nullcontext()
    return engine.making(*place) if kind == "make" and not engine.in_transaction else engine.transaction()


def _what_it_does(bq_sql: str) -> tuple[str, ...]:
    """Say what a statement does: ("read",), ("write",), or ("make", dataset, table) of a query."""
    try:
        tree = sqlglot.parse_one(bq_sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return ("write",)
    if isinstance(tree, exp.Query):
        return ("read",)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.expression, exp.Query):
        table = tree.find(exp.Table)
        return "make", table.db, table.name
    return ("write",)


async def run_or_keep_error(*, project_id, job_id, bq_sql, query_params, query_config, config, ctx, caller):
    """Run jobs.insert's query; a failure is kept on the job, where the client finds it and raises."""
    try:
        destination = _destination(query_config, project_id)
        job = await run_query_job(project_id, job_id, bq_sql, query_params, ctx, caller=caller)
        if destination is not None:
            _write_destination(destination, query_config, job_id, ctx)
    except DomainError as error:
        failure = jobs._domain_error_to_error_result(error)
    except Exception as error:  # whatever failed, the job must say so
        failure = {"reason": "invalidQuery", "message": f"{type(error).__name__}: {error}", "location": "query"}
    else:
        kept = {**config, "query": {**(job.configuration or {}).get("query", {}), **config["query"]}}
        return job.model_copy(update={"configuration": kept})
    return jobs._failed_job_meta(
        project_id=project_id,
        job_id=job_id,
        job_type="QUERY",
        config=config,
        error_result=failure,
        now=ctx.clock.now(),
    )


def _destination(query_config: dict, project_id: str) -> tuple[str, str, str] | None:
    asked = query_config.get("destinationTable") or {}
    if not asked.get("tableId") or asked.get("datasetId") == ANONYMOUS_DATASET:
        return None
    if "$" in asked["tableId"]:
        raise InvalidQueryError(
            f"partition decorator {asked['tableId']!r} is not supported here; delete the partition's rows and insert"
        )
    return asked.get("projectId") or project_id, asked["datasetId"], asked["tableId"]


def _write_destination(destination: tuple[str, str, str], query_config: dict, job_id: str, ctx) -> None:
    """Write a job's rows into its destination by the job's dispositions, as one transaction."""
    from pbm360.local.bigquery.corrections.definitions import register_columns

    schema = executor.JOB_SCHEMAS[job_id]
    rows = with_declared_types(executor.JOB_RESULTS[job_id], schema)
    target, name = quoted_table_ref(*destination), "__destination_rows"
    how = query_config.get("writeDisposition") or "WRITE_EMPTY"
    engine = ctx.engine
    engine.connection.register(name, rows)
    try:
        with engine.transaction():
            if ctx.catalog.get_table(*destination) is None:
                _refuse_missing(destination, query_config, ctx)
                engine.execute(f"CREATE TABLE {target} AS SELECT * FROM {name}")
                register_columns(destination, schema, ctx)
                return
            if how == "WRITE_TRUNCATE":
                engine.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT * FROM {name}")
                register_columns(destination, schema, ctx)
                return
            if how == "WRITE_EMPTY" and engine.execute(f"SELECT 1 FROM {target} LIMIT 1").fetchone():
                raise AlreadyExistsError(
                    f"Already Exists: Table {':'.join(destination[:1])}:{'.'.join(destination[1:])}"
                )
            engine.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {name}")
    finally:
        engine.connection.unregister(name)


def _refuse_missing(destination: tuple[str, str, str], query_config: dict, ctx) -> None:
    project, dataset, table = destination
    if query_config.get("createDisposition") == "CREATE_NEVER":
        raise NotFoundError(f"Not found: Table {project}:{dataset}.{table}")
    if ctx.catalog.get_dataset(project, dataset) is None:
        raise NotFoundError(f"Not found: Dataset {project}:{dataset}")
