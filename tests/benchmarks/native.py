"""The native baseline: the same work as a build, by DuckDB's own SQL on a database file of its own."""

from __future__ import annotations

import datetime
import os
import re
import time
from pathlib import Path

import duckdb
import pyarrow as pa

from pbm360.domain.privacy import pseudonym
from pbm360.warehouse import Warehouse
from tests.conftest import TEST_KEY

STATEMENTS = Path(__file__).with_name("native_medallion.sql")
PSEUDONYMS = "-- pseudonyms"
GIVEN = (  # tables that the build reads beside the messages; each is copied from the warehouse
    "bronze.oms_drugs",
    "bronze.oms_patients",
    "bronze.oms_pharmacies",
    "gold.dim_stages",
    "ops.rule_codes",
    "ops.rule_event_types",
    "ops.rule_holidays",
    "ops.rule_schemas",
    "ops.rule_sparse_zip3",
    "ops.rule_transitions",
)
MADE = (  # tables that it makes, which must hold the rows that the build makes
    "silver.stg_order_events",
    "silver.rejected_events",
    "gold.dim_drugs",
    "gold.dim_patients",
    "gold.dim_pharmacies",
    "gold.fact_order_lifecycle",
    "gold.fact_stage_visits",
    "gold.fact_patient_feedback",
)


class NativeMedallion:
    """A DuckDB file with the tables of bronze, silver and gold, and the statements that build them."""

    def __init__(self, path: Path, warehouse: Warehouse):
        self._connection = duckdb.connect(str(path), config={"threads": os.cpu_count()})
        self._connection.execute("set TimeZone = 'UTC'")
        for name in ("bronze.raw_orders", *GIVEN, *MADE, "vault.patient_keys"):
            self._connection.register("rows", warehouse.arrow_schema(name).empty_table())
            self._connection.execute(f"create schema if not exists {name.partition('.')[0]}")
            self._connection.execute(f"create table {name} as select * from rows")
        for name in GIVEN:
            self.load(name, warehouse.read_table(name))

    def load(self, table: str, rows: pa.Table) -> None:
        """Append rows to a table, by column name."""
        self._connection.register("rows", rows)
        self._connection.execute(f"insert into {table} by name select * from rows")
        self._connection.unregister("rows")

    def build(self, first_date: datetime.date, last_date: datetime.date) -> float:
        """Build from bronze to gold what is known in the days (both included); returns the seconds."""
        started = time.perf_counter()
        window = {"first_date": first_date, "last_date": last_date, "cut_at": datetime.datetime.now(datetime.UTC)}
        for statement in re.split(r";$", STATEMENTS.read_text(), flags=re.MULTILINE):
            used = {name: value for name, value in window.items() if f"${name}" in statement}
            found = self._connection.execute(statement, used) if statement.strip() else None
            if PSEUDONYMS in statement:
                self._keep_pseudonyms([name for (name,) in found.fetchall()])
        self._connection.execute("checkpoint")
        return time.perf_counter() - started

    def unequal_rows(self, warehouse: Warehouse) -> dict[str, int]:
        """Count, by table, the rows that only the warehouse or only this database has."""
        found = {}
        for name in MADE:
            theirs = warehouse.read_table(name)
            self._connection.register("theirs", theirs)
            columns = ", ".join(theirs.column_names)
            one, other = f"select {columns} from theirs", f"select {columns} from {name}"
            sides = [f"({one} except all {other})", f"({other} except all {one})"]
            counts = [self._connection.sql(f"select count(*) from {side}").fetchall()[0][0] for side in sides]
            found[name] = sum(counts)
        return found

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _keep_pseudonyms(self, patients: list[str]) -> None:
        now = datetime.datetime.now(datetime.UTC)
        rows = [{"patient_id": name, "patient_key": pseudonym(TEST_KEY, name), "created_at": now} for name in patients]
        if rows:
            self.load("vault.patient_keys", pa.Table.from_pylist(rows))
