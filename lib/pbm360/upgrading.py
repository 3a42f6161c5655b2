"""Bring a warehouse that an earlier version made up to this one: columns that came since, where its events lie."""

from __future__ import annotations

from google.cloud import bigquery

from pbm360.cloud.table_schemas import table_schemas
from pbm360.warehouse import Warehouse


class TooOld(ValueError):
    """A table can't be brought up to this version; the text says which and what to do."""


def upgrade(warehouse: Warehouse) -> list[str]:
    """Add what is missing to tables that exist; returns the columns added, `layer.table.column`.

    Harmless when repeated. New tables, views and functions are `Warehouse.create_tables`'s. Raises `TooOld`.
    """
    added = [name for table, wanted in table_schemas().items() for name in _add_columns(warehouse, table, wanted)]
    warehouse.run("build/fill_spans.sql")
    return added


def _add_columns(warehouse: Warehouse, name: str, wanted: dict) -> list[str]:
    table = warehouse.client.get_table(warehouse.table_id(name))
    known = {field.name for field in table.schema}
    missing = [column for column in wanted["columns"] if column["name"] not in known]
    required = [column["name"] for column in missing if column["mode"] == "REQUIRED"]
    if required:
        raise TooOld(
            f"{name} was made by an earlier version and lacks {', '.join(required)}, which no row may be without; "
            "begin anew (`make clean`), or make the table anew and load its rows"
        )
    if missing:
        fields = [bigquery.SchemaField(c["name"], c["type"], c["mode"], description=c["description"]) for c in missing]
        table.schema = [*table.schema, *fields]
        warehouse.client.update_table(table, ["schema"])
    return [f"{name}.{column['name']}" for column in missing]
