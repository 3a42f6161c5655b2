"""How often each thing happens: the chances of the order's journey.

Marks: [S: source] is measured by somebody, [A] is assumed here; both as in the project's domain page.
"""

from __future__ import annotations

REFILL_SHARE = 0.60  # [A] of the referrals
REFILL_CONTINUES = 0.70  # [A] patients who order again when a refill is due; keeps the share of refills steady
REFILL_LEAD_DAYS = 7  # [A] a refill is due so long before the drug runs out
REFILL_PATIENCE_DAYS = 30  # [A] a patient whose refill was due so long ago has gone elsewhere
LARGEST_FIRST_FILL_NUMBER = 12  # [A] of patients who were with the pharmacy before the simulation begins
KNOWN_PATIENT = 0.08  # [A] first fills of a patient who already had an order (a second therapy)
URGENT = 0.08  # [A]
CHANNELS = (("eprescribe", 0.62), ("fax", 0.24), ("portal", 0.09), ("phone", 0.05))  # [A]
PLANS = (("commercial", 0.55), ("medicare", 0.28), ("medicaid", 0.14), ("cash", 0.03))  # [A]

DUPLICATE_ORDER = 0.005  # [A] cancelled as a duplicate at intake
INFO_HOLD = 0.20  # [A]
INFO_REASONS = (
    ("missing_insurance", 0.35),
    ("missing_signature", 0.25),
    ("missing_diagnosis", 0.20),
    ("missing_labs", 0.20),
)  # [A]
PRIOR_AUTHORIZATION_NEEDED = 0.737  # [S: ACR abstract 205, 2,352 of 3,192]
PRIOR_AUTHORIZATION_APPROVED = 0.899  # [S: ACR abstract 205] first pass
APPEALED = 0.60  # [A] of the denials
APPEAL_OVERTURNED = 83 / 123  # [S: ACR abstract 205]
COPAY_ASSISTED = 0.70  # [A] of commercial patients who would pay over 250 USD
PATIENT_PAY_USD = ((0.0, 30.0, 0.72), (30.0, 250.0, 0.18), (250.0, 3000.0, 0.10))  # [A] from, to, share
ABANDONED_UNDER_30_USD = 0.11  # [S: IQVIA 2017]
ABANDONED_30_TO_250_USD = 0.25  # [A] between the two measured ones
ABANDONED_OVER_250_USD = 0.69  # [S: IQVIA 2017]
CLAIM_REJECTED = 0.06  # [A]
REJECT_CODES = (("70", 0.15), ("75", 0.20), ("76", 0.25), ("79", 0.25), ("88", 0.10), ("76,88", 0.05))  # [A]
CLAIM_REVERSED = 0.01  # [A] sent with an error, taken back and sent again
# [A] Orders withdrawn in a stage, and why.
WITHDRAWN = {
    "INTAKE": (0.004, "clinical"),
    "INFO_HOLD": (0.03, "patient"),
    "BENEFITS": (0.008, "payer"),
    "PA_PENDING": (0.008, "clinical"),
    "CLINICAL": (0.010, "clinical"),
    "SCHEDULING": (0.010, "patient"),
    "FILL": (0.003, "patient"),
    "QA": (0.002, "clinical"),
    "PACK": (0.002, "patient"),
    "LABELLED": (0.002, "patient"),
}

QA_FAILED = 0.01  # [A]
QA_REASONS = (("count_error", 0.45), ("label_error", 0.35), ("wrong_item", 0.20))  # [A]
DISTRIBUTION_ERROR = 117 / 100_000  # [S: VPL on URAC, 2022] an item too few
DISPENSING_ERROR = 16 / 21_252  # [S: PubMed 16232024] the patient finds a wrong item
DOCUMENTS_INCOMPLETE = 0.004  # [A]

# First attempt by the promised time.
CARRIER_ON_TIME = {
    "ups": 0.972,  # [S: ShipMatrix via FreightWaves, December 2025]
    "fedex": 0.953,  # [S: as before]
    "usps": 0.941,  # [S: as before]
    "courier": 0.970,  # [A]
}
AMBIENT_SERVICES = (
    ("ups", "two_day", 0.32),
    ("fedex", "two_day", 0.20),
    ("ups", "overnight", 0.12),
    ("fedex", "overnight", 0.08),
    ("ups", "ground", 0.10),
    ("usps", "ground", 0.18),
)  # [A]
COLD_SERVICES = (("ups", "overnight", 0.52), ("fedex", "overnight", 0.38), ("courier", "same_day", 0.10))  # [A]
EXCEPTION_WHEN_LATE = 0.60  # [A] late parcels of which the carrier says why
EXCEPTION_CAUSES = (("weather", 0.40), ("misroute", 0.35), ("mechanical", 0.25))  # [A]
RETURNED = 0.005  # [A]
RETURN_CAUSES = (("moved", 0.6), ("refused", 0.4))  # [A]
LOST = 0.001  # [A]
ATTEMPT_FAILED = 0.04  # [A]
ATTEMPT_CAUSES = (("no_answer", 0.90), ("refused", 0.04), ("moved", 0.06))  # [A]
MOST_ATTEMPTS = 3  # [A]
DAMAGED = 0.003  # [A]
RESHIPPED = 0.90  # [A] of returned, lost and damaged parcels

MONITORED = 0.60  # [A] cold parcels with a temperature logger
COLD_EXCURSION = 0.01  # [A]
COLD_EXCURSION_SUMMER = 0.03  # [A]
SUMMER_MONTHS = frozenset([6, 7, 8, 9])  # [A]

SURVEY_ANSWERED = 0.25  # [A] of the delivered orders
CALLED = 0.12  # [A] orders with a call
CALLED_LATE = 0.45  # [A] of those that came late, or not at all
CALL_ABANDONED = 0.04  # at most 5 % [S: contract norms]
# [A]
CALL_REASONS = (("status", 0.55), ("billing", 0.22), ("communication", 0.10), ("side_effect", 0.08), ("other", 0.05))
COMPLAINT = 0.004  # [A] of orders that went well
COMPLAINT_LATE = 0.10  # [A]
COMPLAINT_DAMAGED = 0.80  # [A]
EXCURSION_CLAIMED = 0.50  # [A] of cold excursions
# Promoters and detractors where all went well: NPS 80 overall [S: specialty pharmacy surveys].
PROMOTERS, DETRACTORS = 0.87, 0.05
# [A] Each day of delay leaves so much of the promoters, and makes detractors of a part of those it takes away.
PROMOTERS_KEPT_A_DAY = 0.55
DETRACTORS_OF_LOST = 0.6  # [A]
DAMAGE_IN_DAYS = 2.0  # [A] a damaged parcel or a wrong item weighs as much as so many days of delay
