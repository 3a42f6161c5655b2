"""Know erased patients again when a message or a snapshot brings them back, and turn what came away from a build."""

from __future__ import annotations

import datetime
import hashlib
import hmac

from pbm360.warehouse import Warehouse


def patient_digest(salt: str, patient_id: str) -> str:
    """Return what an erasure keeps in place of a patient's identifier: HMAC-SHA-256 by its salt, hexadecimal."""
    return hmac.new(salt.encode(), patient_id.encode(), hashlib.sha256).hexdigest()


def turn_back(
    warehouse: Warehouse, first_date: datetime.date, last_date: datetime.date, since_date: datetime.date
) -> int:
    """Delete from bronze, live and the running build what names an erased patient or order; returns messages deleted.

    The build has judged its messages and not yet made pseudonyms. The dates (UTC, both included) are those it reads;
    of order management it reads the snapshots from `since_date` on.
    """
    erasures = warehouse.run("erasure/salts.sql").to_pylist()
    if not erasures:
        return 0
    days = {"since_date": since_date, "last_date": last_date}
    named = warehouse.run("staging/new_patients.sql", days).column("patient_id").to_pylist()
    digests = {(erasure["salt"], erasure["patient_digest"]) for erasure in erasures}
    returned = [name for name in named if any((salt, patient_digest(salt, name)) in digests for salt, _ in digests)]
    patients = {"patient_ids": ("STRING", returned)}
    warehouse.run("erasure/find_returned.sql", patients)
    count = warehouse.run("erasure/message_count.sql").to_pylist()[0]["message_count"]
    if count or returned:
        warehouse.run("erasure/turn_back.sql", {**patients, "first_date": first_date, "last_date": last_date})
        warehouse.run("erasure/forget_work.sql")
    return count
