"""Rotate the key of the patients' pseudonyms: every layer that holds them is re-keyed in one transaction.

The stream must be drained and no build may run: what they wrote meanwhile would carry the key that goes. A rotation
that was interrupted is carried to its end by asking for it again with the same key.
"""

from __future__ import annotations

import os
import secrets

from pbm360 import medallion
from pbm360.domain.privacy import pseudonym
from pbm360.settings import LOCAL_KEY_FILE, Settings
from pbm360.warehouse import Warehouse

KEY_BYTES = 32
NEXT_KEY_FILE = "pseudonym.key.next"


def rotate_key(warehouse: Warehouse, next_key: str) -> int:
    """Replace every pseudonym by that of the next key; returns how many patients had another one.

    Raises `BuildError` where a build is under way. The key itself is switched by the caller, afterwards.
    """
    medallion.require_no_build(warehouse)
    patients = warehouse.run("rotation/patients.sql").to_pylist()
    pairs = [(row["patient_key"], pseudonym(next_key, row["patient_id"])) for row in patients]
    rows = [{"patient_key": old, "next_patient_key": new} for old, new in pairs if old != new]
    if rows:
        warehouse.load_rows("vault.rotated_keys", rows, replace=True)
        warehouse.run("rotation/rotate.sql")
    warehouse.drop_tables("staging", "vault.new_messages", "vault.judged_messages")
    return len(rows)


def next_local_key(settings: Settings) -> str:
    """Return the laptop's next key: the one that an interrupted rotation began with, else a new random one."""
    path = settings.state_dir / NEXT_KEY_FILE
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
    return path.read_text().strip()


def switch_local_key(settings: Settings) -> None:
    """Let the laptop's next key be its key, in one step."""
    (settings.state_dir / NEXT_KEY_FILE).replace(settings.state_dir / LOCAL_KEY_FILE)
