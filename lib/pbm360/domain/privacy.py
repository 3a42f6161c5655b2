"""Turn identifiers into what may leave bronze: keyed pseudonyms, ZIP3, age bands (45 CFR 164.514)."""

from __future__ import annotations

import hashlib
import hmac

from pbm360.domain.rules import sparse_zip3

PSEUDONYM_DIGITS = 32  # hexadecimal digits kept of the HMAC: 128 bits
OLDEST_BAND = 90  # Safe Harbor: all ages of 90 and more are one band
BAND_YEARS = 10
SPARSE_AREA = "000"  # published for every area of 20,000 people or fewer


def pseudonym(key: str, patient_id: str) -> str:
    """Return the patient's keyed pseudonym: HMAC-SHA-256, the first 32 hexadecimal digits."""
    if not key:
        raise ValueError("the pseudonym key is empty; run `pbm360 up`, or set PBM360_PSEUDONYM_KEY")
    return hmac.new(key.encode(), patient_id.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def publishable_zip3(zip_code: str) -> str:
    """Return the first three digits of a ZIP code, `000` for areas where 20,000 people or fewer live."""
    zip3 = zip_code[:3]
    if len(zip3) != 3 or not (zip3.isascii() and zip3.isdigit()):
        raise ValueError("a ZIP code must begin with three digits (the value is not shown: it may identify a patient)")
    return SPARSE_AREA if zip3 in sparse_zip3() else zip3


def age_band(age_years: int) -> str:
    """Return the ten-year band of an age, e.g. `40-49`; 90 and above is one band."""
    if age_years < 0:
        raise ValueError(f"an age must be 0 or more years; got {age_years}")
    low = age_years // BAND_YEARS * BAND_YEARS
    return f"{OLDEST_BAND}+" if low >= OLDEST_BAND else f"{low}-{low + BAND_YEARS - 1}"
