"""Invent who prescribes and who pays: names that are plainly synthetic, chosen by the patient, without drawing lots."""

from __future__ import annotations

import zlib

from pbm360.simulate.rates import PLANS

SPECIALTIES = ("Oncology", "Rheumatology", "Neurology", "Gastroenterology", "Infectious Disease", "Endocrinology")
PRESCRIBER_COUNT = 60  # [A]
PAYERS_OF_A_PLAN = 2  # [A]
NO_PAYER = "cash"


def prescribers() -> list[dict]:
    """Return the rows of every prescriber; their ids begin with 9, as no National Provider Identifier does."""
    return [
        {
            "prescriber_id": prescriber_id(number),
            "full_name": f"Dr. Testprescriber-{number:03d}",
            "specialty": SPECIALTIES[number % len(SPECIALTIES)],
            "zip_code": None,
        }
        for number in range(PRESCRIBER_COUNT)
    ]


def payers() -> list[dict]:
    """Return the rows of every payer: a few of each plan type, none of those who pay themselves."""
    return [
        {"payer_id": payer_id(plan, number), "name": f"Example {plan} plan {number + 1}", "plan_type": plan}
        for plan in sorted(dict.fromkeys(plan for plan, _ in PLANS))
        if plan != NO_PAYER
        for number in range(PAYERS_OF_A_PLAN)
    ]


def prescriber_of(patient_id: str) -> str:
    """Return who prescribes for a patient: always the same."""
    return prescriber_id(zlib.crc32(patient_id.encode()) % PRESCRIBER_COUNT)


def payer_of(patient_id: str, plan_type: str) -> str | None:
    """Return who pays for a patient with a plan: always the same; None where the patient does."""
    if plan_type == NO_PAYER:
        return None
    return payer_id(plan_type, zlib.crc32(patient_id.encode()) % PAYERS_OF_A_PLAN)


def prescriber_id(number: int) -> str:
    """Return the id of the prescriber of this number."""
    return f"9{number:09d}"


def payer_id(plan_type: str, number: int) -> str:
    """Return the id of a payer of this plan type."""
    return f"{plan_type.upper()}-{number + 1}"
