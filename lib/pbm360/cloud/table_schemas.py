"""Turn the `create table` files of `sql/` into the table definitions that Terraform reads.

`python -m pbm360.cloud.table_schemas` writes `deploy/terraform/tables.json`; a test holds that it is fresh.
Views and table functions are not in it: `pbm360 prepare` makes them, after the tables that they read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from pbm360.warehouse import definition, table_files

OUTPUT = Path(__file__).parents[3] / "deploy" / "terraform" / "tables.json"
IDENTIFIERS = {  # columns that name a person; policy tags guard them
    "bronze.oms_patients": ("patient_id", "full_name", "birth_date", "phone", "email", "street", "zip_code"),
    "bronze.oms_prescribers": ("full_name", "zip_code"),
    "bronze.oms_orders": ("patient_id",),
    "bronze.raw_orders": ("payload",),
    "vault.patient_keys": ("patient_id",),
    "truth.orders": ("patient_id",),
}
TEXT = r"'((?:[^'\\]|\\.)*)'"
CREATE = re.compile(r"create table if not exists pbm_(\w+)\.(\w+)\s*\((.*?)\n\)(.*)", re.DOTALL)
CREATE_LIKE = re.compile(r"create table if not exists pbm_(\w+)\.(\w+) like pbm_(\w+)\.(\w+)")
COLUMN = re.compile(
    rf"^ {{4}}(\w+) (array<\w+>|\w+)( not null)? options \(\s*description = {TEXT}\s*\),?$", re.MULTILINE
)
PARTITION = re.compile(r"^partition by (?:date\((\w+)\)|(\w+))$", re.MULTILINE)
CLUSTER = re.compile(r"^cluster by (.+)$", re.MULTILINE)
DESCRIPTION = re.compile(rf"description = {TEXT}")
REST_TYPES = {"int64": "INTEGER", "float64": "FLOAT", "bool": "BOOLEAN"}  # the others have one name


def table_schemas() -> dict[str, dict]:
    """Return every table by `layer.name`: description, columns, partition column, cluster columns, required filter."""
    tables: dict[str, dict] = {}
    copies: dict[str, str] = {}
    for name in table_files():
        statement = definition(name)
        if like := CREATE_LIKE.search(statement):
            copies[f"{like[1]}.{like[2]}"] = f"{like[3]}.{like[4]}"
        elif created := CREATE.search(statement):
            tables[f"{created[1]}.{created[2]}"] = _table(f"{created[1]}.{created[2]}", created[3], created[4])
        elif "create table" in statement:
            raise ValueError(f"sql/{name}: its `create table` has a form of its own; write it as the others")
    tables |= {name: tables[original] for name, original in copies.items()}
    return dict(sorted(tables.items()))


def write_tables() -> None:
    """Write the definitions for Terraform."""
    OUTPUT.write_text(json.dumps(table_schemas(), indent=1) + "\n")


def _table(name: str, columns: str, rest: str) -> dict:
    partition, cluster, description = PARTITION.search(rest), CLUSTER.search(rest), DESCRIPTION.search(rest)
    found = [_column(name, *match.groups()) for match in COLUMN.finditer(columns)]
    declared = len(re.findall(r"^ {4}\w+ ", columns, re.MULTILINE))
    if not found or len(found) != declared or description is None:
        raise ValueError(f"{name}: {len(found)} of {declared} columns have a type and a description; give each one")
    return {
        "description": _text(description[1]),
        "partition": (partition[1] or partition[2]) if partition else None,
        "cluster": [column.strip() for column in cluster[1].split(",")] if cluster else [],
        "require_partition_filter": "require_partition_filter = true" in rest,
        "columns": found,
    }


def _column(table: str, name: str, kind: str, required: str | None, description: str) -> dict:
    repeated = kind.removeprefix("array<").removesuffix(">") if kind.startswith("array<") else None
    return {
        "name": name,
        "type": REST_TYPES.get(repeated or kind, (repeated or kind).upper()),
        "mode": "REPEATED" if repeated else "REQUIRED" if required else "NULLABLE",
        "description": _text(description),
        "identifier": name in IDENTIFIERS.get(table, ()),
    }


def _text(literal: str) -> str:
    return literal.replace("\\'", "'").replace("\\\\", "\\")


if __name__ == "__main__":
    write_tables()
