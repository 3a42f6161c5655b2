"""How long each step takes: lognormal durations by their median, in hours, and sigma.

Marks: [S: source] is measured by somebody, [A] is assumed here; both as in the project's domain page.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, log, sin, sqrt
from random import TWOPI, Random

from pbm360.simulate.opening_hours import HOUR

SECOND = 1_000_000  # microseconds
DAY_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Duration:
    """A lognormal duration; `longest_hours` bounds its tail where something else would end it."""

    median_hours: float
    sigma: float
    longest_hours: float = 60 * DAY_HOURS

    def draw(self, random: Random) -> int:
        """Draw a duration in microseconds, a second at least."""
        deviation = random.gauss_next  # `random.gauss(0.0, 1.0)` to the bit, without its call: a history has millions
        random.gauss_next = None
        if deviation is None:
            angle, radius = random.random() * TWOPI, sqrt(-2.0 * log(1.0 - random.random()))
            deviation, random.gauss_next = cos(angle) * radius, sin(angle) * radius
        hours = self.median_hours * exp(self.sigma * deviation)
        if hours > self.longest_hours:
            hours = self.longest_hours
        drawn = int(hours * HOUR)
        return drawn if drawn > SECOND else SECOND


# Pharmacy work, in hours of opening.
INTAKE = Duration(4, 0.6)  # [A]
INFO_QUESTION = Duration(0.5, 0.5)  # [A] from the end of intake to the question
BENEFITS_START = Duration(1, 0.6)  # [A]
BENEFITS = Duration(8, 0.6)  # [A]
APPEAL_WRITING = Duration(8, 0.5)  # [A]
CLAIM_ENTRY = Duration(1, 0.6)  # [A]
CLAIM_REPAIR = Duration(4, 0.6)  # [A] from a rejected claim to the next one
CLINICAL = Duration(3, 0.6)  # [A]
CALL = Duration(0.2, 0.5)  # [A] the call in which the delivery is agreed, once the patient can be reached
FIRST_SCHEDULING = Duration(36, 0.6)  # [A] in place of SCHEDULING: a new patient is taught, too
WITHDRAWAL = Duration(0.5, 0.5)  # [A] until a withdrawn order is cancelled
CONSENT = Duration(0.05, 0.5)  # [A] in the same call as the scheduling
PICKING = Duration(3, 0.6)  # [A]
FILLING = Duration(0.5, 0.5)  # [A]
QUALITY_CHECK = Duration(2, 0.5)  # [A] fill to QA
PACKING = Duration(1, 0.5)  # [A]
LABELLING = Duration(0.03, 0.4)  # [A]
HAND_OVER = Duration(3, 0.5)  # [A] label to ship-confirm; with FIRST_SCAN: label to first scan 5 h

# Waiting for others, in hours of the clock.
INFO_ANSWER = Duration(24, 0.8)  # [A]
PRIOR_AUTHORIZATION = Duration(4 * DAY_HOURS, 0.8)  # [A], within 2-10 business days [S: vendor blogs]
PRIOR_AUTHORIZATION_URGENT = Duration(48, 0.35)  # urgent 24-72 h [S: vendor blogs]
APPEAL = Duration(7 * DAY_HOURS, 0.5)  # [A]
COPAY_ASSISTANCE = Duration(24, 0.6)  # [A]
COST_DECISION = Duration(20, 0.6)  # [A] a new patient thinks about the price; with it 14 to 20 days [S: Pharmacy Times]
SCHEDULING = Duration(24, 0.6)  # [A]
CLAIM_ANSWER = Duration(5 / 3600, 0.5)  # [A] a claim is judged within seconds

# The carrier, in hours of the clock.
FIRST_SCAN = Duration(2, 0.5, 9)  # [A] must be over before the next morning's delivery round
COURIER_SCAN = Duration(0.3, 0.4, 1)  # [A]
HUB_SCAN = Duration(3, 0.4, 5)  # [A]
ON_VEHICLE = Duration(4, 0.5)  # [A] from the vehicle to the door; with the night before: transit 22 h
EXCEPTION = Duration(9, 0.5, 20)  # [A]
EXCEPTION_END = Duration(3 * DAY_HOURS, 0.4)  # [A] from an exception to a return or a loss

# How long after an event its source's system tells of it: the mean of an exponential, in seconds. [A]
REPORT_SECONDS = {"oms": 2.0, "payer": 20.0, "wms": 3.0, "carrier": 240.0, "iot": 120.0, "crm": 10.0}
REPORT_SECONDS_AT_MOST = 3000.0  # an event reported after an hour is a defect, `late`
