"""What the statements of `sql/` may name: every table, view and function that they create, every parameter.

Columns are what Google's analyzer says that the `create` statements define, never a list written down here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pbm360.settings import sql_folder
from pbm360.warehouse import definition
from tests.sql.googlesql import Columns, GoogleSql, GoogleSqlError

OTHER_DIALECT = "oms"  # PostgreSQL: the order-management database
CREATED = re.compile(r"^create (?:or replace )?(table|view|table function) (?:if not exists )?(\w+\.\w+)(?:\((.*)\))?")
BODY = re.compile(r"\bas\n")
COMMENTS = re.compile(r"^\s*--.*\n", re.MULTILINE)
PARAMETERS = {
    "alert_ids": "ARRAY<STRING>",
    "as_of": "TIMESTAMP",
    "asked_at": "TIMESTAMP",
    "at_risk_share": "FLOAT64",
    "before": "DATE",
    "changed_hours": "ARRAY<FLOAT64>",
    "changed_stages": "ARRAY<STRING>",
    "check_files": "ARRAY<STRING>",
    "cohort": "STRING",
    "completed_at": "TIMESTAMP",
    "copy_dates": "ARRAY<DATE>",
    "cut_at": "TIMESTAMP",
    "deleted_row_count": "INT64",
    "detail": "STRING",
    "earlier_hours": "INT64",
    "erasure_id": "STRING",
    "event_ids": "ARRAY<STRING>",
    "finished_at": "TIMESTAMP",
    "first_date": "DATE",
    "history_days": "INT64",
    "import_id": "STRING",
    "in_flight_minutes": "INT64",
    "knowable_order_ids": "ARRAY<STRING>",
    "instants": "ARRAY<TIMESTAMP>",
    "key_count": "INT64",
    "known_date": "DATE",
    "last_date": "DATE",
    "live_dates": "ARRAY<DATE>",
    "live_known_date": "DATE",
    "max_runs": "INT64",
    "message_ids": "ARRAY<STRING>",
    "minimum_count": "INT64",
    "model_version": "STRING",
    "moment": "TIMESTAMP",
    "now": "TIMESTAMP",
    "order_dates": "ARRAY<DATE>",
    "order_id": "STRING",
    "order_ids": "ARRAY<STRING>",
    "order_prefix": "STRING",
    "patient_id": "STRING",
    "patient_ids": "ARRAY<STRING>",
    "patient_key": "STRING",
    "patient_pattern": "STRING",
    "payload": "BYTES",
    "pharmacy_ids": "ARRAY<STRING>",
    "reconciled_at": "TIMESTAMP",
    "run_date": "DATE",
    "run_id": "STRING",
    "silver_dates": "ARRAY<DATE>",
    "simulation_id": "STRING",
    "since": "TIMESTAMP",
    "since_date": "DATE",
    "snapshot_date": "DATE",
    "span_dates": "ARRAY<DATE>",
    "started_at": "TIMESTAMP",
    "tolerance_seconds": "INT64",
    "until": "TIMESTAMP",
    "visible_at": "TIMESTAMP",
    "week_count": "INT64",
    "window_days": "INT64",
    "without_carriers": "ARRAY<STRING>",
}


@dataclass(frozen=True)
class Catalog:
    """The columns of every table, view and function by `dataset.name`; a function has its arguments, too."""

    tables: dict[str, Columns] = field(default_factory=dict)
    functions: dict[str, tuple[Columns, Columns]] = field(default_factory=dict)
    views: set[str] = field(default_factory=set)
    bodies: dict[str, str] = field(default_factory=dict)  # the query of a view or function

    def register(self, google: GoogleSql, more_tables: dict[str, Columns] | None = None) -> int:
        """Hand the catalog to the analyzer; returns its number there."""
        return google.register({**self.tables, **(more_tables or {})}, self.functions)


def sql_files() -> list[str]:
    """List every file of GoogleSQL below `sql/`, e.g. `gold/dim_drugs.sql`."""
    names = [path.relative_to(sql_folder()).as_posix() for path in sorted(sql_folder().rglob("*.sql"))]
    return [name for name in names if not name.startswith(f"{OTHER_DIALECT}/")]


def split_statements(sql: str) -> list[str]:
    """Split SQL into its statements, without comments; each ends with a semicolon at the end of a line."""
    return [part.strip() for part in re.split(r";[ ]*$", without_comments(sql), flags=re.MULTILINE) if part.strip()]


def without_comments(sql: str) -> str:
    """Return a statement without its lines of comment."""
    return COMMENTS.sub("", sql).strip()


def created(statement: str) -> re.Match | None:
    """Match the head of a `create` statement: what (1), its name (2), a function's arguments (3)."""
    return CREATED.match(without_comments(statement))


def read_catalog(google: GoogleSql) -> Catalog:
    """Analyze every `create` statement of `sql/`, each after those that it needs, and keep what they define."""
    catalog = Catalog()
    pending = {name: definition(name) for name in sql_files()}
    pending = {name: statement for name, statement in pending.items() if created(statement)}
    while pending:
        number = catalog.register(google)
        left = {name: sql for name, sql in pending.items() if not _define(google, number, catalog, sql)}
        google.forget(number)
        if len(left) == len(pending):
            break  # these are refused for themselves; the tests of their files say why
        pending = left
    return catalog


def _define(google: GoogleSql, number: int, catalog: Catalog, statement: str) -> bool:
    """Add what a statement creates to the catalog; say whether the analyzer accepted it."""
    what, name, arguments = created(statement).groups()
    try:
        columns = google.analyze(statement, number, PARAMETERS)
    except GoogleSqlError:
        return False
    if what == "table function":
        pairs = (argument.split() for argument in arguments.split(","))
        catalog.functions[name] = ({argument: kind.upper() for argument, kind in pairs}, columns)
    else:
        catalog.tables[name] = columns
    if what != "table":
        catalog.bodies[name] = BODY.split(without_comments(statement), maxsplit=1)[1]
    if what == "view":
        catalog.views.add(name)
    return True
