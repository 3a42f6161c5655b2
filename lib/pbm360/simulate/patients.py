"""Invent patients: identifiers that are plainly synthetic, reserved telephone numbers, addresses of nowhere."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from random import Random

from pbm360.simulate.choices import choose
from pbm360.simulate.rates import PLANS
from pbm360.simulate.world import Drug, Pharmacy

GIVEN_NAMES = ("Alex", "Avery", "Blake", "Casey", "Dana", "Eden", "Finley", "Harper", "Jamie", "Jordan")
GIVEN_NAMES += ("Kai", "Logan", "Morgan", "Noel", "Parker", "Quinn", "Reese", "Rowan", "Sage", "Taylor")
MEAN_AGE_YEARS, AGE_SPREAD_YEARS, YOUNGEST_YEARS, OLDEST_YEARS = 54, 18, 2, 98  # [A]
FICTIONAL_NUMBERS = 100  # 555-0100 to 555-0199 are reserved for fiction


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as order management knows them; every identifier is invented."""

    patient_id: str
    full_name: str
    birth_date: datetime.date
    phone: str
    email: str
    street: str
    zip_code: str
    therapy: str
    plan_type: str
    pharmacy: Pharmacy


def invent_patient(
    patient_id: str, number: int, pharmacy: Pharmacy, drug: Drug, today: datetime.date, random: Random
) -> Patient:
    """Invent the patient of this number, who lives near the pharmacy and takes the drug."""
    age_years = min(max(random.gauss(MEAN_AGE_YEARS, AGE_SPREAD_YEARS), YOUNGEST_YEARS), OLDEST_YEARS)
    return Patient(
        patient_id=patient_id,
        full_name=f"{GIVEN_NAMES[int(random.random() * len(GIVEN_NAMES))]} Testpatient-{number:06d}",
        birth_date=today - datetime.timedelta(days=int(age_years * 365.25)),
        phone=f"{pharmacy.area_code}-555-01{int(random.random() * FICTIONAL_NUMBERS):02d}",
        email=f"{patient_id.lower()}@patients.example",
        street=f"{1 + int(random.random() * 9999)} Synthetic Street",
        zip_code=f"{pharmacy.zip3s[int(random.random() * len(pharmacy.zip3s))]}{int(random.random() * 100):02d}",
        therapy=drug.therapy,
        plan_type=choose(PLANS, random),
        pharmacy=pharmacy,
    )
