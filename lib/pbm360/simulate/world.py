"""The places and things of the simulated world: pharmacies, drugs, and what an order and its steps are.

Everything here is invented and says so, except the drugs' names, forms and strengths (Drugs@FDA). The National Drug
Codes are synthetic: no labeler has the code 99999 or 00000.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pbm360.domain.rules import event_types

if TYPE_CHECKING:
    from pbm360.simulate.defects import Delivery, Injection, SentForm
    from pbm360.simulate.patients import Patient


SYNTHETIC_LABELERS = ("99999", "00000")  # one begins with a zero, which a careless source loses


@dataclass(frozen=True)
class Pharmacy:
    """A pharmacy, its zone and hours, its share of the referrals and the ZIP3 areas of its patients."""

    pharmacy_id: str
    name: str
    time_zone: str
    opens_at: str
    closes_at: str
    open_days: str  # seven digits, Monday first, 1 is open
    share: float
    area_code: str
    zip3s: tuple[str, ...]


# [A] all of it. Some areas have 20,000 people or fewer (036, 556, 692, 821, 879, 893): their ZIP3 is never published.
PHARMACIES = (
    Pharmacy(
        "PH01", "Synthetic Harbor, New York", "America/New_York", "08:00", "18:00", "1111100", 0.26, "212",
        ("100", "112", "117", "070", "088", "021", "191", "036"),
    ),
    Pharmacy(
        "PH02", "Synthetic Prairie, Chicago", "America/Chicago", "08:00", "18:00", "1111110", 0.24, "312",
        ("606", "604", "532", "462", "481", "631", "556"),
    ),
    Pharmacy(
        "PH03", "Synthetic Lone Star, Dallas", "America/Chicago", "07:00", "19:00", "1111100", 0.18, "214",
        ("752", "761", "770", "787", "731"),
    ),
    Pharmacy(
        "PH04", "Synthetic Summit, Denver", "America/Denver", "08:00", "17:30", "1111100", 0.10, "303",
        ("802", "805", "841", "871", "821", "692"),
    ),
    Pharmacy(
        "PH05", "Synthetic Saguaro, Phoenix", "America/Phoenix", "07:30", "17:30", "1111100", 0.08, "602",
        ("850", "852", "857", "891", "879"),
    ),
    Pharmacy(
        "PH06", "Synthetic Pacific, Los Angeles", "America/Los_Angeles", "08:00", "18:00", "1111110", 0.14, "213",
        ("900", "906", "921", "941", "981", "893"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Drug:
    """A specialty drug: what it is, how it is kept, and what one order of it holds."""

    drug_ndc: str
    name: str
    form: str
    strength: str
    temperature_class: str
    therapy: str
    quantity: int
    days_supply: int
    share: float

    @property
    def pack_type(self) -> str:
        """The package that keeps it: ambient, cold or frozen."""
        return "cold" if self.temperature_class == "refrigerated" else self.temperature_class


@cache
def drugs() -> tuple[Drug, ...]:
    """Return the drugs of the pharmacies, from the data file beside this module."""
    file = resources.files("pbm360.simulate") / "data" / "drugs.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Drug(
                row["drug_ndc"],
                row["name"],
                row["form"],
                row["strength"],
                row["temperature_class"],
                row["therapy"],
                int(row["quantity"]),
                int(row["days_supply"]),
                float(row["share"]),
            )
            for row in csv.DictReader(lines)
        )


@cache
def source_of() -> dict[str, str]:
    """Map each event type to the source that sends it."""
    return {name: kind.source for name, kind in event_types().items()}


@cache
def stage_of() -> dict[str, str | None]:
    """Map each event type to the stage that it enters (None: none); a denied appeal is the journey's own matter."""
    return {name: kind.stage for name, kind in event_types().items()}


@dataclass(slots=True)
class Step:
    """Something that truly happened to an order. Instants are microseconds since 1970-01-01 UTC."""

    event_type: str
    event_at: int
    data: dict[str, object]
    promised_at: int | None = None  # kept apart from `data`, since a faster clock moves it
    event_id: str = ""
    known_at: int = 0  # when the pharmacy knows it, or would have where it is withheld
    is_withheld: bool = False  # its scan is missing: no message tells of it
    sent: SentForm | None = None  # how its message differs from the plain one


@dataclass(slots=True)
class Order:
    """An order with its whole life, which its birth decides."""

    number: int
    order_id: str
    patient_id: str
    pharmacy: Pharmacy
    drug: Drug
    plan_type: str
    zip3: str
    patient: Patient
    created_at: int
    fill_number: int
    priority: str
    channel: str
    previous_order_id: str | None = None
    is_reship: bool = False
    steps: list[Step] = field(default_factory=list)  # in the order of event_at
    reported_as: str | None = None  # another order's id, under which it is sent
    deliveries: list[Delivery] = field(default_factory=list)
    defects: list[Injection] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """How it enters the process: first_fill, refill or reship."""
        return "reship" if self.is_reship else "refill" if self.fill_number > 1 else "first_fill"
