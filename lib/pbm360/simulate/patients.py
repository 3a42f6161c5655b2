"""Invent patients: identifiers that are plainly synthetic, reserved telephone numbers, addresses of nowhere."""

from __future__ import annotations

import datetime
from random import Random
from typing import NamedTuple

from pbm360.simulate.choices import choose
from pbm360.simulate.rates import PLANS
from pbm360.simulate.world import Drug, Pharmacy

GIVEN_NAMES = ("Alex", "Avery", "Blake", "Casey", "Dana", "Eden", "Finley", "Harper", "Jamie", "Jordan")
GIVEN_NAMES += ("Kai", "Logan", "Morgan", "Noel", "Parker", "Quinn", "Reese", "Rowan", "Sage", "Taylor")
MEAN_AGE_YEARS, AGE_SPREAD_YEARS, YOUNGEST_YEARS, OLDEST_YEARS = 54, 18, 2, 98  # [A]
FICTIONAL_NUMBERS = 100  # 555-0100 to 555-0199 are reserved for fiction


class Patient(NamedTuple):
    """A patient as order management knows them; every identifier is invented, from the few numbers that are drawn."""

    patient_id: str
    number: int
    given_name: str
    birth_date: datetime.date
    phone_ending: int
    house_number: int
    zip_code: str
    therapy: str
    plan_type: str
    pharmacy: Pharmacy

    @property
    def full_name(self) -> str:
        """The name, which says that nobody bears it."""
        return f"{self.given_name} Testpatient-{self.number:06d}"

    @property
    def phone(self) -> str:
        """A number that is reserved for fiction."""
        return f"{self.pharmacy.area_code}-555-01{self.phone_ending:02d}"

    @property
    def email(self) -> str:
        """An address of a domain that nobody has."""
        return f"{self.patient_id.lower()}@patients.example"

    @property
    def street(self) -> str:
        """An address of nowhere."""
        return f"{self.house_number} Synthetic Street"


def invent_patient(
    patient_id: str, number: int, pharmacy: Pharmacy, drug: Drug, today: datetime.date, random: Random
) -> Patient:
    """Invent the patient of this number, who lives near the pharmacy and takes the drug."""
    age_years = min(max(random.gauss(MEAN_AGE_YEARS, AGE_SPREAD_YEARS), YOUNGEST_YEARS), OLDEST_YEARS)
    draw, zip3s = random.random, pharmacy.zip3s
    return Patient(
        patient_id=patient_id,
        number=number,
        given_name=GIVEN_NAMES[int(draw() * len(GIVEN_NAMES))],
        birth_date=today - datetime.timedelta(days=int(age_years * 365.25)),
        phone_ending=int(draw() * FICTIONAL_NUMBERS),
        house_number=1 + int(draw() * 9999),
        zip_code=f"{zip3s[int(draw() * len(zip3s))]}{int(draw() * 100):02d}",
        therapy=drug.therapy,
        plan_type=choose(PLANS, random),
        pharmacy=pharmacy,
    )
