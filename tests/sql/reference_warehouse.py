"""A warehouse whose every statement runs in Google's reference evaluator, with the methods of `pbm360.warehouse`.

So the code that builds a day (`pbm360.medallion`) runs on it as it runs on BigQuery. Rows live in this object. A view
or a function is computed where a statement names it; a transaction needs no more than its statements in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from pbm360.settings import Settings
from pbm360.warehouse import ARROW_TYPES, read_sql
from tests.sql.catalog import BODY, PARAMETERS, Catalog, created, split_statements
from tests.sql.googlesql import Columns, GoogleSql, Rows

NAME = re.compile(r"\bpbm_\w+\.\w+")
INSERT = re.compile(r"^insert into \w+\.\w+ \(([\w, ]+)\)\n(with\b.*)", re.DOTALL)
CHANGE = re.compile(r"^(?:insert into|delete from|update) (\w+\.\w+)")
TRANSACTION = ("begin transaction", "commit transaction")


class ReferenceWarehouse:
    """Tables of one warehouse, empty at first; statements run in Google's evaluator."""

    def __init__(self, google: GoogleSql, catalog: Catalog, settings: Settings):
        self.settings = settings
        self._google, self._catalog = google, catalog
        self._rows: dict[str, Rows] = {name: [] for name in catalog.tables}

    def run(self, sql_file: str, parameters: Mapping | None = None, *, staged: bool = False) -> pa.Table:
        """Run a SQL file and return the rows of its last statement."""
        return self.query(read_sql(sql_file, staged=staged), parameters)

    def together(self, works: Sequence[Callable]) -> list:
        """Return what each work returns; the evaluator has one thread."""
        return [work(self) for work in works]

    def query(self, sql: str, parameters: Mapping | None = None) -> pa.Table:
        """Run SQL with `@parameters` and return the rows of its last statement, an empty table where it has none."""
        answer: tuple[Columns, Rows] = ({}, [])
        for statement in split_statements(sql):
            answer = self._run_statement(statement, dict(parameters or {}))
        columns, rows = answer
        schema = pa.schema([pa.field(name, ARROW_TYPES[kind]) for name, kind in columns.items()])
        return pa.Table.from_pylist(list(rows), schema)

    def load_rows(self, table: str, rows: Rows, *, replace: bool = False) -> None:
        """Load rows into a table, `layer.table`; missing columns become null."""
        name = f"pbm_{table}"
        new = [{column: row.get(column) for column in self._catalog.tables[name]} for row in rows]
        self._rows[name] = new if replace else [*self._rows[name], *new]

    def read_table(self, table: str) -> pa.Table:
        """Return the rows of a table, `layer.table`."""
        return self.query(f"select * from pbm_{table}")

    def _run_statement(self, statement: str, parameters: dict) -> tuple[Columns, Rows]:
        if statement in TRANSACTION:
            return {}, []
        definition = created(statement)
        if definition:
            if definition.group(1) != "table":
                return {}, []  # computed where it is read
            self._rows[definition.group(2)] = self._evaluate(BODY.split(statement, 1)[1], parameters)[1]
            return {}, []
        change = CHANGE.match(statement)
        if change is None:
            return self._evaluate(statement, parameters)
        target = change.group(1)
        filled = INSERT.match(statement)
        if filled:  # a `with` below another is refused in an insert, and computed in a query
            new = self._evaluate(filled.group(2), parameters)[1]
            self.load_rows(target.removeprefix("pbm_"), [_named(filled.group(1), row) for row in new])
            return {}, []
        tables, typed = self._tables_in(statement, parameters), self._typed(statement, parameters)
        self._rows[target] = self._google.modify(_flat(statement), _flat(target), tables, typed)
        return {}, []

    def _evaluate(self, sql: str, parameters: dict) -> tuple[Columns, Rows]:
        tables = self._tables_in(sql, parameters)
        for name in self._catalog.functions:
            sql = re.sub(rf"\b{re.escape(name)}\(@\w+\)", name, sql)
        return self._google.query(_flat(sql), tables, self._typed(sql, parameters))

    def _tables_in(self, sql: str, parameters: dict) -> dict[str, tuple[Columns, Rows]]:
        found = {}
        for name in sorted(set(NAME.findall(sql))):
            if name in self._catalog.functions:
                found[_flat(name)] = self._call_function(name, sql, parameters)
            elif name in self._catalog.views:
                found[_flat(name)] = self._evaluate(self._catalog.bodies[name], {})
            else:
                found[_flat(name)] = (self._catalog.tables[name], self._rows[name])
        return found

    def _call_function(self, name: str, sql: str, parameters: dict) -> tuple[Columns, Rows]:
        """Compute the rows of a function of one argument, which a statement calls with a parameter."""
        (argument,) = self._catalog.functions[name][0]
        (passed,) = set(re.findall(rf"\b{re.escape(name)}\(@(\w+)\)", sql))
        body = re.sub(rf"(?<!@)\b{argument}\b", f"@{argument}", self._catalog.bodies[name])
        return self._evaluate(body, {argument: parameters[passed]})

    def _typed(self, sql: str, parameters: dict) -> dict[str, tuple[str, object]]:
        named = set(re.findall(r"@(\w+)", sql))
        values = {name: value[1] if isinstance(value, tuple) else value for name, value in parameters.items()}
        return {name: (PARAMETERS[name], value) for name, value in values.items() if name in named}


def _named(columns: str, row: Mapping) -> dict:
    """Give a row's values, in their order, the names of the columns that an insert lists."""
    return dict(zip(columns.split(", "), row.values(), strict=True))


def _flat(sql: str) -> str:
    """Write `dataset.table` as one name: rows reach the tables of the evaluator's root catalog alone."""
    return NAME.sub(lambda found: found.group().replace(".", "__"), sql)
