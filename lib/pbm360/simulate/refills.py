"""Keep the refills that are to come, each packed into a few bytes: a month's orders and more wait for theirs."""

from __future__ import annotations

import datetime
import heapq
import struct
from typing import NamedTuple

from pbm360.simulate.patients import GIVEN_NAMES, Patient
from pbm360.simulate.rates import PLANS
from pbm360.simulate.world import PHARMACIES, Drug, Order, drugs

PLAN_NAMES = [plan for plan, _ in PLANS]
THERAPIES = list(dict.fromkeys(drug.therapy for drug in drugs()))
PRIORITIES = ["routine", "urgent"]
DRUG_NUMBERS = {drug.drug_ndc: number for number, drug in enumerate(drugs())}
PHARMACY_NUMBERS = {pharmacy.pharmacy_id: number for number, pharmacy in enumerate(PHARMACIES)}
# When it is due and its parent's number come first, the most significant byte ahead: so packed refills have an order.
PACKED = struct.Struct(">QIIHBHIBBH5sBBB")


class Parent(NamedTuple):
    """What a refill or a reship takes over from the order before it."""

    order_id: str
    patient: Patient
    drug: Drug
    fill_number: int
    priority: str


class Refills:
    """The refills of one simulation by when they are due, and of one instant by their parent's number."""

    def __init__(self, tag: str):
        """`tag` opens every id."""
        self._tag = tag
        self._waiting: list[bytes] = []

    def add(self, due_at: int, parent: Order) -> None:
        """Take the refill of an order among those that wait."""
        heapq.heappush(self._waiting, pack(due_at, parent))

    def is_due(self, instant: int) -> bool:
        """Tell whether the next refill may be born."""
        return bool(self._waiting) and self._next_due_at() <= instant

    def pop(self) -> Parent:
        """Take the next refill out, and return what it takes over."""
        return unpack(heapq.heappop(self._waiting), self._tag)

    def forget(self, instant: int) -> None:
        """Drop what was due before an instant."""
        while self._waiting and self._next_due_at() < instant:
            heapq.heappop(self._waiting)

    def _next_due_at(self) -> int:
        return int.from_bytes(self._waiting[0][:8])


def pack(due_at: int, parent: Order) -> bytes:
    """Write what a refill takes over from its parent."""
    patient = parent.patient
    return PACKED.pack(
        due_at,
        parent.number,
        patient.number,
        parent.fill_number,
        PRIORITIES.index(parent.priority),
        DRUG_NUMBERS[parent.drug.drug_ndc],
        patient.birth_date.toordinal(),
        GIVEN_NAMES.index(patient.given_name),
        patient.phone_ending,
        patient.house_number,
        patient.zip_code.encode(),
        THERAPIES.index(patient.therapy),
        PLAN_NAMES.index(patient.plan_type),
        PHARMACY_NUMBERS[patient.pharmacy.pharmacy_id],
    )


def unpack(packed: bytes, tag: str) -> Parent:
    """Read what a refill takes over from its parent."""
    _, number, patient_number, fill_number, priority, drug, born, name, phone, house, zip_code, *rest = PACKED.unpack(
        packed
    )
    therapy, plan, pharmacy = rest
    patient = Patient(
        patient_id=patient_id(tag, patient_number),
        number=patient_number,
        given_name=GIVEN_NAMES[name],
        birth_date=datetime.date.fromordinal(born),
        phone_ending=phone,
        house_number=house,
        zip_code=zip_code.decode(),
        therapy=THERAPIES[therapy],
        plan_type=PLAN_NAMES[plan],
        pharmacy=PHARMACIES[pharmacy],
    )
    return Parent(order_id(tag, number), patient, drugs()[drug], fill_number, PRIORITIES[priority])


def patient_id(tag: str, number: int) -> str:
    """Return the id of the patient of this number."""
    return f"{tag}P{number:06d}"


def order_id(tag: str, number: int) -> str:
    """Return the id of the order of this number."""
    return f"{tag}R{number + 1:06d}"
