"""Answer INFORMATION_SCHEMA.COLUMN_FIELD_PATHS, where descriptions of columns are read.

Fault: the emulator does not have it. Fields of STRUCT columns are not listed here: the warehouse has none.
"""

from __future__ import annotations

import re
from pathlib import Path

from bqemulator.sql import inner_query
from bqemulator.sql.rewriter import information_schema

from pbm360.local.bigquery.patching import replace_everywhere

VIEWS = Path(__file__).with_name("column_field_paths.sql")
REFERENCE = re.compile(
    r"(?:`?(?P<project>[\w-]+)`?\s*\.\s*)?`?(?P<dataset>\w+)`?\s*\.\s*`?INFORMATION_SCHEMA`?\s*\.\s*`?COLUMN_FIELD_PATHS`?",
    re.IGNORECASE,
)

emulator_expand = information_schema.expand_information_schema


def create_views(engine) -> None:
    """Create the view over the emulator's catalog, once that exists."""
    engine.execute(VIEWS.read_text())


def install() -> None:
    """Register the view."""
    replace_everywhere(inner_query.expand_information_schema, expand)


def expand(bq_sql: str, project_id: str, catalog) -> str:
    """Replace references to the view by a query of the emulator's own catalog."""

    def query(found: re.Match) -> str:
        project = found["project"] or project_id
        return (
            "(select * from _bqemulator_catalog.column_field_paths "
            f"where table_catalog = '{project}' and table_schema = '{found['dataset']}')"
        )

    return emulator_expand(REFERENCE.sub(query, bq_sql), project_id, catalog)
