"""After the builds, every message of an import is in the ledger exactly once."""

from __future__ import annotations

import datetime
import json

from pbm360 import medallion
from tests.messages import bronze_row, event

DAY_20, DAY_21 = datetime.date(2026, 11, 20), datetime.date(2026, 11, 21)
REFERRAL = event("o1", "oms", "referral_received", "20 09:00")


def imported(message_id: str, payload: bytes, known_at: str, import_id: str = "import-1") -> dict:
    return bronze_row(message_id, payload, known_at) | {"attributes": json.dumps({"import_id": import_id})}


def test_every_message_of_an_import_has_one_verdict_and_those_of_others_are_left_out(make_warehouse):
    warehouse = make_warehouse()
    rows = [
        imported("1", REFERRAL, "20 09:00"),
        imported("1", REFERRAL, "20 09:00"),  # delivered again: one message
        imported("2", REFERRAL, "20 09:00"),  # sent again: a duplicate
        imported("3", event("o2", "oms", "referral_received", "20 10:00", ""), "20 10:00"),
        imported("4", event("o3", "oms", "referral_received", "20 11:00", "B2"), "20 11:00", "import-2"),
        imported("5", event("o4", "oms", "referral_received", "21 11:00", "C3"), "21 11:00"),  # its day is not built
    ]
    warehouse.load_rows("bronze.raw_orders", rows)
    medallion.build(warehouse, DAY_20)
    parameters = {"import_id": "import-1", "first_date": DAY_20, "last_date": DAY_21}
    ledger = warehouse.run("feeds/import_ledger.sql", parameters).to_pylist()
    assert [tuple(row.values()) for row in ledger] == [
        ("accepted", "", "", 1),
        ("duplicate", "duplicate", "", 1),
        ("rejected", "missing_field", "subject", 1),
        ("unaccounted", "", "", 1),
    ]
