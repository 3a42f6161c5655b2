"""Look for patients' identifiers where none may be: every table past bronze and the vault, every log, every output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from pbm360.warehouse import Warehouse, table_files

MAY_HOLD = ("bronze", "vault", "truth")  # truth is the simulator's own, and read by checks alone
WORD = re.compile(r"[\w.@+-]+")
ENTITY_COLUMNS = ("patient_id", "full_name", "phone", "email", "street", "zip_code")


def identifiers(warehouse: Warehouse) -> dict[str, set[str]]:
    """Return every identifier of the ground truth and of order management, by kind; tracking numbers with them."""
    patients = warehouse.read_table("bronze.oms_patients").to_pylist()
    found = {column: {row[column] for row in patients if row[column]} for column in ENTITY_COLUMNS}
    found["patient_id"] |= set(warehouse.read_table("truth.orders", ["patient_id"])["patient_id"].to_pylist())
    payloads = warehouse.read_table("bronze.raw_orders", ["payload"])["payload"].to_pylist()
    found["tracking_number"] = {text for payload in payloads for text in _values(payload, "tracking_number")}
    return found


def _values(payload: bytes, member: str) -> Iterable[str]:
    try:
        document = json.loads(payload)
        yield from [str(document["data"][member])] if member in document["data"] else []
    except (ValueError, TypeError, KeyError):
        return


def published_texts(warehouse: Warehouse) -> dict[str, str]:
    """Return the text of every column of text of every table, view and function past bronze and the vault."""
    found = {}
    for name in table_files():
        layer, table = name.removesuffix(".sql").split("/")
        if layer not in MAY_HOLD:
            call = "(current_timestamp())" if name.endswith("_as_of.sql") else ""
            rows = warehouse.query(f"select * from pbm_{layer}.{table}{call}")
            columns = [column for column in rows.column_names if str(rows.schema.field(column).type) == "string"]
            texts = {text for column in columns for text in rows[column].to_pylist() if text is not None}
            found[f"{layer}.{table}"] = "\n".join(texts)
    return found


def file_texts(files: Iterable[Path]) -> dict[str, str]:
    """Return the text of files, by their whole path: two of one name must not hide each other."""
    return {str(path): path.read_text(errors="replace") for path in files}


def hits(texts: dict[str, str], known: dict[str, set[str]]) -> list[str]:
    """Return where an identifier stands as a word of a text: place, kind and value.

    Five digits of a log are a port or a count as well as a ZIP code: there one is looked for with its name alone.
    """
    found = []
    for place, text in texts.items():
        words = set(WORD.findall(text))
        if place.endswith((".log", ".ipynb")):
            words -= known["zip_code"] - set(re.findall(r"zip\w*\W{1,4}(\d{5})\b", text, re.IGNORECASE))
        for kind, values in known.items():
            named = {value for value in values if (value in text if " " in value else value in words)}
            found += [f"{place}: {kind} {value}" for value in sorted(named)]
    return found
