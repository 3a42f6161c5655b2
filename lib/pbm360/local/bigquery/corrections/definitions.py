"""Keep in the catalog what a `create table` says: descriptions, required columns, partition, cluster, filters.

Faults: column descriptions, NOT NULL and clustering of a SQL definition are lost; `create table if not exists` on a
table that exists overwrites its entry; `like` copies no description; REQUIRED columns of a REST definition take
nulls; a column that a REST update adds is in the catalog alone; the number of rows of a table is not kept up. The
query of a view is kept as it was written, put into the statements that name the view and never corrected; its
descriptions are lost.
"""

from __future__ import annotations

from bqemulator.api.routes import tables
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import Clustering, TableFieldSchema, TableMeta, TableSchema, TimePartitioning
from bqemulator.storage import type_map
from bqemulator.storage.sql_identifiers import quoted_table_ref
from sqlglot import exp, parse_one

from pbm360.local.bigquery.corrections import translation
from pbm360.local.bigquery.patching import replace_everywhere

emulator_duckdb_columns = type_map.bq_schema_to_duckdb_columns
emulator_table_to_rest = tables._table_to_rest
emulator_rest_to_table = tables._rest_to_table_meta
emulator_sync_view = ddl_sync.sync_created_view

PARTITION_UNITS = ("HOUR", "DAY", "MONTH", "YEAR")


def install() -> None:
    """Register the definition's reader."""
    replace_everywhere(ddl_sync.sync_created_table, remember_created_table)
    replace_everywhere(ddl_sync.sync_created_view, remember_created_view)
    replace_everywhere(type_map.bq_schema_to_duckdb_columns, duckdb_columns)


def duckdb_columns(fields: list[dict]) -> list[tuple[str, str]]:
    """Write a REST schema's columns as DuckDB's, with NOT NULL where the mode is REQUIRED."""
    required = {field["name"] for field in fields if field.get("mode") == "REQUIRED"}
    return [(name, f"{kind} NOT NULL" if name in required else kind) for name, kind in emulator_duckdb_columns(fields)]


def count_rows_live(context) -> None:
    """Let a table's resource tell its rows as they are; the catalog's own count misses most writes."""

    def with_count(table: TableMeta) -> dict:
        resource = emulator_table_to_rest(table)
        if table.table_type == "TABLE":
            target = quoted_table_ref(table.project_id, table.dataset_id, table.table_id)
            resource["numRows"] = str(context.engine.execute(f"SELECT count(*) FROM {target}").fetchone()[0])
        return resource

    replace_everywhere(emulator_table_to_rest, with_count)


def add_columns_live(context) -> None:
    """Let an update of a table's resource add its new columns to the table, too."""

    def with_columns(
        project_id: str, dataset_id: str, body: dict, clock, existing: TableMeta | None = None
    ) -> TableMeta:
        updated = emulator_rest_to_table(project_id, dataset_id, body, clock, existing)
        if existing is not None and existing.table_type == "TABLE":
            known = {field.name for field in existing.schema_.fields}
            added = [tables._field_to_rest(field) for field in updated.schema_.fields if field.name not in known]
            target = quoted_table_ref(project_id, dataset_id, existing.table_id)
            for name, kind in duckdb_columns(added):
                context.engine.execute(f'ALTER TABLE {target} ADD COLUMN "{name}" {kind}')
        return updated

    replace_everywhere(emulator_rest_to_table, with_columns)


def remember_created_table(bq_sql: str, project_id: str, ctx) -> None:
    """Write the catalog entry of a table that a `create table` has just made."""
    if ddl_sync._detect_plain_create_table(bq_sql) is None:
        return
    ctx.engine.become_writer()  # its query has run
    tree = parse_one(bq_sql, read="bigquery")
    if tree.find(exp.TemporaryProperty):
        return
    place = ddl_sync._split_target(ddl_sync._detect_plain_create_table(bq_sql), project_id)
    if not place[1] or not place[2]:
        return
    existing = ctx.catalog.get_table(*place)
    if existing is not None and tree.args.get("exists"):
        return
    ddl_sync._ensure_dataset(place[0], place[1], ctx)
    source = _like_source(tree, project_id, ctx)
    entry = _entry(place, ddl_sync._introspect_schema(*place, ctx), ctx)
    changes = _like_changes(entry, source) if source is not None else _definition_changes(entry, tree)
    entry = entry.model_copy(update=changes)
    if source is not None:
        _require_columns(entry, ctx)
    if existing is None:
        ctx.catalog.create_table(entry)
    else:
        ctx.catalog.update_table(entry)


def remember_created_view(bq_sql: str, project_id: str, ctx) -> None:
    """Write the catalog entry of a view that a `create view` has just made: its corrected query, its descriptions."""
    target, _ = ddl_sync._detect_plain_create_view(bq_sql)
    if target is None:
        return
    emulator_sync_view(translation.correct(bq_sql), project_id, ctx)
    place = ddl_sync._split_target(target, project_id)
    tree = parse_one(bq_sql, read="bigquery")
    entry = ctx.catalog.get_table(*place)
    changes = _definition_changes(entry, tree)
    ctx.catalog.update_table(entry.model_copy(update={name: changes[name] for name in ("schema_", "description")}))


def _require_columns(entry: TableMeta, ctx) -> None:
    """Give a table that was made like another its NOT NULLs, which DuckDB does not copy."""
    target = quoted_table_ref(entry.project_id, entry.dataset_id, entry.table_id)
    for field in entry.schema_.fields:
        if field.mode == "REQUIRED":
            ctx.engine.execute(f'ALTER TABLE {target} ALTER COLUMN "{field.name}" SET NOT NULL')


def register_columns(place: tuple[str, str, str], schema: list[dict], ctx) -> None:
    """Write the catalog entry of a table that a job's destination has just made, from the job's schema."""
    from bqemulator.api.routes.tables import _parse_schema_fields

    entry = _entry(place, TableSchema(fields=_parse_schema_fields(schema)), ctx)
    if ctx.catalog.get_table(*place) is None:
        ctx.catalog.create_table(entry)
    else:
        ctx.catalog.update_table(entry)


def _entry(place: tuple[str, str, str], schema: TableSchema, ctx) -> TableMeta:
    now = ctx.clock.now()
    return TableMeta(
        project_id=place[0],
        dataset_id=place[1],
        table_id=place[2],
        table_type="TABLE",
        schema=schema,
        creation_time=now,
        last_modified_time=now,
        num_rows=0,
        num_bytes=0,
        etag=generate_etag(*place, "TABLE", str(now)),
    )


def _like_source(tree: exp.Create, project_id: str, ctx) -> TableMeta | None:
    like = tree.find(exp.LikeProperty)
    if like is None:
        return None
    source = like.this
    return ctx.catalog.get_table(source.catalog or project_id, source.db, source.name)


def _like_changes(entry: TableMeta, source: TableMeta) -> dict:
    return {
        "schema_": source.schema_,
        "description": source.description,
        "time_partitioning": source.time_partitioning,
        "clustering": source.clustering,
    }


def _definition_changes(entry: TableMeta, tree: exp.Create) -> dict:
    described = {column.name.lower(): column for column in tree.find_all(exp.ColumnDef)}
    fields = tuple(_with_definition(field, described.get(field.name.lower())) for field in entry.schema_.fields)
    options = _options(tree)
    description = options.get("description")
    return {
        "schema_": TableSchema(fields=fields),
        "description": description.name if description is not None else None,
        "time_partitioning": _partitioning(tree, options),
        "clustering": _clustering(tree),
    }


def _with_definition(field: TableFieldSchema, column: exp.ColumnDef | None) -> TableFieldSchema:
    if column is None:
        return field
    changes: dict = {}
    for constraint in column.args.get("constraints") or ():
        kind = constraint.args.get("kind")
        if isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null"):
            changes["mode"] = "REQUIRED" if field.mode != "REPEATED" else field.mode
    for option in column.find_all(exp.Property, exp.EQ):
        if option.name.lower() == "description":
            value = option.args.get("value") or option.args.get("expression")
            changes["description"] = value.name
    return field.model_copy(update=changes)


def _options(tree: exp.Create) -> dict[str, exp.Expression]:
    properties = tree.args.get("properties")
    return {
        item.name.lower(): item.args["value"]
        for item in (properties.expressions if properties else ())
        if type(item) is exp.Property
    }


def _partitioning(tree: exp.Create, options: dict) -> TimePartitioning | None:
    clause = tree.find(exp.PartitionedByProperty)
    column = clause.find(exp.Column, exp.Identifier) if clause is not None else None
    if column is None:
        return None
    units = [unit for unit in PARTITION_UNITS if f", {unit}" in clause.sql(dialect="bigquery").upper()]
    required = options.get("require_partition_filter")
    return TimePartitioning(
        type=units[0] if units else "DAY",
        field=column.name,
        require_partition_filter=required is not None and required.sql().lower() == "true",
    )


def _clustering(tree: exp.Create) -> Clustering | None:
    clause = tree.find(exp.ClusterProperty, exp.Cluster)
    return Clustering(fields=tuple(item.name for item in clause.expressions)) if clause is not None else None
