"""Erase one patient: from bronze to gold, live, the vault, order management, and the files that were made of them.

The tombstone comes first, and every view of `pbm_serving` honours it at once; then the rows are deleted in one
transaction. An erasure that was interrupted is carried to its end by asking for it again. No build may run meanwhile:
what one has staged is dropped with the rest.
"""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pbm360 import medallion, oms, staging
from pbm360.domain.privacy import pseudonym
from pbm360.runs import runs_folder
from pbm360.settings import Settings
from pbm360.tombstones import patient_digest
from pbm360.warehouse import Warehouse

WORD = r"[0-9A-Za-z_.-]"  # an identifier ends where none of these follows
SPECIAL = re.compile(r"([^0-9A-Za-z_])")
LONG_AGO = datetime.date(1970, 1, 1)  # a day without messages
SNAPSHOT_FOLDER = "snapshot"
MADE_FILES = ("*.ipynb", "*.html", "*.arrow", "*.json")
LEFT_TO_TIME = {
    "local": (
        "messages that Pub/Sub has not delivered yet: the next build turns them back",
        "free pages of the local database file: overwritten as it grows; `make clean` removes the file",
    ),
    "gcp": (
        "messages that Pub/Sub retains (topic retention, 7 days): the next build turns them back",
        "BigQuery time travel (2 days as deploy/ sets it, at most 7) and fail-safe (7 days more)",
        "backups of Cloud SQL (as many days as they are kept) and its write-ahead log (7 days)",
        "executed notebooks in the bucket that is named by PBM360_RUNS: as its lifecycle rule says",
    ),
}


@dataclass(frozen=True)
class ErasureReport:
    """What an erasure did: rows deleted by table, files removed, and what only time removes."""

    erasure_id: str
    rows: dict[str, int]
    order_management_rows: dict[str, int]
    files: list[str]
    left_to_time: tuple[str, ...]

    @property
    def row_count(self) -> int:
        """Rows deleted in the warehouse."""
        return sum(self.rows.values())


def erase_patient(warehouse: Warehouse, patient_id: str) -> ErasureReport:
    """Erase a patient (the id of the source systems) from every layer; repeating it deletes what came in since.

    Raises `ValueError` where the id is empty, `BuildError` where a build is under way.
    """
    if not patient_id.strip():
        raise ValueError("the patient's id must not be empty")
    settings, now = warehouse.settings, datetime.datetime.now(datetime.UTC)
    medallion.require_no_build(warehouse)
    keys = {
        "patient_id": patient_id,
        "patient_key": _patient_key(warehouse, patient_id),
    }
    erasure_id = secrets.token_hex(8)
    _find(warehouse, keys)
    _write_tombstone(warehouse, erasure_id, keys, now)
    orders = warehouse.run("erasure/orders.sql").to_pylist()
    deleted = oms.delete_patient(settings, patient_id)
    rows = _delete(warehouse, erasure_id, keys)
    if any(order["is_shared"] for order in orders):
        _bring_back_shared(warehouse)
    warehouse.drop_tables("staging", "vault.new_messages", "vault.judged_messages")
    words = [patient_id, keys["patient_key"], *(order["order_id"] for order in orders if not order["is_shared"])]
    files = remove_files(settings, words)
    warehouse.run("erasure/forget_work.sql")
    return ErasureReport(erasure_id, rows, deleted, files, LEFT_TO_TIME[settings.target])


def remove_files(settings: Settings, words: list[str]) -> list[str]:
    """Remove the files of our own making (executed notebooks, pages, snapshots) that hold one of the words."""
    expression = re.compile("|".join(rf"(?<!{WORD}){re.escape(word)}(?!{WORD})" for word in words).encode())
    removed = []
    for path in _made_files(settings):
        if expression.search(path.read_bytes()):
            path.unlink()
            removed.append(
                str(path.relative_to(settings.state_dir) if path.is_relative_to(settings.state_dir) else path)
            )
    return removed


def _made_files(settings: Settings) -> Iterator[Path]:
    for folder in {runs_folder(settings), str(settings.state_dir / SNAPSHOT_FOLDER)}:
        if "://" not in folder:
            for kind in MADE_FILES:
                yield from sorted(Path(folder).rglob(kind))


def word_pattern(text: str) -> str:
    """Return an expression (RE2) that finds a text as a whole word, whatever characters it has."""
    quoted = SPECIAL.sub(r"\\\1", text)
    return f"(^|[^0-9A-Za-z_.-]){quoted}($|[^0-9A-Za-z_.-])"


def _patient_key(warehouse: Warehouse, patient_id: str) -> str:
    known = warehouse.run("erasure/patient_key.sql", {"patient_id": patient_id})["patient_key"].to_pylist()
    return known[0] if known else pseudonym(warehouse.settings.required_pseudonym_key, patient_id)


def _find(warehouse: Warehouse, keys: dict[str, str]) -> None:
    warehouse.run("erasure/find_orders.sql", keys)
    parameters = {"patient_key": keys["patient_key"], "patient_pattern": word_pattern(keys["patient_id"])}
    warehouse.run("erasure/find_messages.sql", parameters)


def _write_tombstone(warehouse: Warehouse, erasure_id: str, keys: dict[str, str], now: datetime.datetime) -> None:
    salt = secrets.token_hex(32)
    digest = patient_digest(salt, keys["patient_id"])
    row = {"erasure_id": erasure_id, "salt": salt, "patient_digest": digest, "asked_at": now}
    warehouse.load_rows("vault.erasures", [row])
    parameters = {"erasure_id": erasure_id, "patient_key": keys["patient_key"], "asked_at": now}
    warehouse.run("erasure/write_tombstones.sql", parameters)


def _delete(warehouse: Warehouse, erasure_id: str, keys: dict[str, str]) -> dict[str, int]:
    counts = {row["table_name"]: row["row_count"] for row in warehouse.run("erasure/counts.sql", keys).to_pylist()}
    done = {
        "erasure_id": erasure_id,
        "completed_at": datetime.datetime.now(datetime.UTC),
        "deleted_row_count": sum(counts.values()),
    }
    warehouse.run("erasure/delete_patient.sql", keys | done)
    return counts


def _bring_back_shared(warehouse: Warehouse) -> None:
    nothing = {"first_date": LONG_AGO, "last_date": LONG_AGO, "cut_at": datetime.datetime.now(datetime.UTC)}
    staging.judge_messages(warehouse, nothing)
    staging.stage_events(warehouse, LONG_AGO)
    warehouse.run("staging/dim_pharmacies.sql", {"since_date": LONG_AGO})
    warehouse.run("erasure/touch_shared.sql")
    staging.stage_facts(warehouse)
    warehouse.run("erasure/publish_shared.sql")
