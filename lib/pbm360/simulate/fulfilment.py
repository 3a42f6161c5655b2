"""From the clinical review to the carrier's hands: verify, schedule, pick, fill, check, pack, label, hand over."""

from __future__ import annotations

import datetime
from functools import cache, lru_cache

from pbm360.simulate import durations, rates
from pbm360.simulate.choices import choose
from pbm360.simulate.clearance import withdraws
from pbm360.simulate.stations import Outage
from pbm360.simulate.walk import Walk

NEED_BY_DAYS = 5  # [A] patients are scheduled for a delivery within so many days
SCANNERS = 4  # [A] of a station
DOCUMENT_AND_DRUG = 2  # items of a package: the drug and its leaflet; a cold one has a coolant too


def review(walk: Walk) -> bool:
    """A pharmacist verifies the order, then the patient is called; False where it ends here."""
    walk.work_at("clinical_review", durations.CLINICAL)
    if withdraws(walk, "CLINICAL"):
        return False
    walk.record("clinical_verified")
    return schedule(walk)


def schedule(walk: Walk) -> bool:
    """Agree with the patient on a delivery; False where they don't want it any more."""
    is_new = walk.order.kind == "first_fill"
    walk.wait_for_opening(durations.FIRST_SCHEDULING if is_new else durations.SCHEDULING)
    walk.work_at("scheduling", durations.CALL)
    if withdraws(walk, "SCHEDULING"):
        return False
    walk.record("patient_scheduled", need_by_date=need_by_date(walk.hours.date(walk.at)))
    walk.work(durations.CONSENT).record("consent_captured")
    return True


@lru_cache(maxsize=4096)
def need_by_date(today: datetime.date) -> str:
    """Return by when a patient who is called today wants the drug, `2026-11-25`."""
    return (today + datetime.timedelta(days=NEED_BY_DAYS)).isoformat()


def fill(walk: Walk) -> bool:
    """Pick, fill and check until the check passes; what is recalled waits for new stock. False where it ends here."""
    recall = walk.place.recalls.get(walk.order.drug.temperature_class)
    walk.work_at("picking", durations.PICKING)
    if walk.wait_out(recall):
        walk.work_at("picking", durations.PICKING)
    walk.record("picked", **scan(walk, "pick"))
    if withdraws(walk, "FILL"):
        return False
    fill_lot(walk)
    while reason := failure(walk, recall):
        walk.record("qa_failed", reason=reason, **scan(walk, "check"))
        walk.wait_out(recall)
        fill_lot(walk)
    if withdraws(walk, "QA"):
        return False
    walk.record("qa_passed", **scan(walk, "check"))
    return True


def fill_lot(walk: Walk) -> None:
    """Fill the order from a lot, and let it be checked."""
    lot = f"LOT{int(walk.random.random() * 10_000):04d}"
    walk.work_at("filling", durations.FILLING).record("filled", lot=lot, **scan(walk, "fill"))
    walk.work_at("quality_check", durations.QUALITY_CHECK)


def failure(walk: Walk, recall: Outage | None) -> str | None:
    """Return why the check fails, None where it passes; a recalled lot always fails."""
    if recall and recall.begins <= walk.at < recall.ends:
        return "other"
    return choose(rates.QA_REASONS, walk.random) if walk.happens(rates.QA_FAILED) else None


def pack(walk: Walk) -> bool:
    """Pack what belongs into the package, seldom with an item too few; False where the order ends here."""
    if withdraws(walk, "PACK"):
        return False
    drug = walk.order.drug
    items_expected = DOCUMENT_AND_DRUG + (drug.pack_type != "ambient")
    walk.work_at("packing", durations.PACKING).record(
        "packed",
        items_expected=items_expected,
        items_packed=items_expected - walk.happens(rates.DISTRIBUTION_ERROR),
        documents_complete=not walk.happens(rates.DOCUMENTS_INCOMPLETE),
        pack_type=drug.pack_type,
        temperature_class=drug.temperature_class,
        **scan(walk, "pack"),
    )
    return not withdraws(walk, "LABELLED")


def scan(walk: Walk, station: str) -> dict[str, str]:
    """Return the station of a scan and one of its scanners."""
    scanners = scanners_of(walk.order.pharmacy.pharmacy_id, station)
    return scanners[int(walk.random.random() * SCANNERS)]


@cache
def scanners_of(pharmacy_id: str, station: str) -> list[dict[str, str]]:
    """Return what the scans of a station's scanners say of them."""
    names = [f"{station}-{number}" for number in range(1, SCANNERS + 1)]
    return [{"station": name, "scanner_id": f"{pharmacy_id}-{name}"} for name in names]
