"""What patients say: calls on the way, surveys and complaints after it, by what happened to the order."""

from __future__ import annotations

from random import Random

from pbm360.simulate import rates
from pbm360.simulate.choices import choose
from pbm360.simulate.delivery import Parcel
from pbm360.simulate.durations import Duration
from pbm360.simulate.opening_hours import DAY
from pbm360.simulate.walk import MILLISECOND, Walk

WAIT_ANSWERED = Duration(11 / 3600, 1.15)  # 80 % within 30 seconds [S: contract norms]
WAIT_ABANDONED = Duration(90 / 3600, 0.6)  # [A]
SURVEY_AFTER = Duration(40, 0.6)  # [A] hours after the delivery
COMPLAINT_AFTER = Duration(10, 0.8)  # [A] hours after the delivery
COMPLAINT_CHANCES = {
    "wrong_item": 1.0,  # an error that nobody finds is none that anybody measured
    "damaged": rates.COMPLAINT_DAMAGED,
    "late_delivery": rates.COMPLAINT_LATE,
    "other": rates.COMPLAINT,
}
SATISFACTION_OF_GROUP = {"promoter": (5, 4), "passive": (4, 3), "detractor": (2, 1, 3)}  # [A] csat


def call(walk: Walk, parcel: Parcel | None) -> None:
    """Let some patients call while their order is under way, in opening hours; more of those who wait too long."""
    is_late = parcel is not None and (parcel.is_late or parcel.ended_as != "delivered")
    if not walk.happens(rates.CALLED_LATE if is_late else rates.CALLED):
        return
    created_at = walk.order.created_at
    instant = walk.hours.next_open(created_at + int((walk.at - created_at) * walk.random.random()))
    is_abandoned = walk.happens(rates.CALL_ABANDONED)
    wait = (WAIT_ABANDONED if is_abandoned else WAIT_ANSWERED).draw(walk.random) / 1_000_000
    walk.record_at(
        instant - instant % MILLISECOND,
        "call",
        wait=round(wait, 1),
        abandoned=is_abandoned,
        reason=choose(rates.CALL_REASONS, walk.random),
    )


def respond(walk: Walk, parcel: Parcel) -> bool:
    """Let the patient of a delivered order complain and answer the survey; tells whether the drug must be replaced."""
    is_claimed = parcel.had_excursion and walk.happens(rates.EXCURSION_CLAIMED)
    if is_claimed:
        walk.record_at(after(walk, COMPLAINT_AFTER), "excursion_claimed", reason="temperature")
    is_wrong = walk.happens(rates.DISPENSING_ERROR)
    reason = complaint_reason(parcel, is_wrong=is_wrong)
    if walk.happens(COMPLAINT_CHANCES[reason]):
        walk.record_at(after(walk, COMPLAINT_AFTER), "complaint", reason=reason)
    if walk.happens(rates.SURVEY_ANSWERED):
        days_late = max(0, walk.at - parcel.promised_at) / DAY
        is_bad = is_wrong or parcel.is_damaged or is_claimed
        nps, csat = draw_scores(days_late + rates.DAMAGE_IN_DAYS * is_bad, walk.random)
        walk.record_at(after(walk, SURVEY_AFTER), "survey", nps=nps, csat=csat)
    return is_claimed or is_wrong


def complaint_reason(parcel: Parcel, *, is_wrong: bool) -> str:
    """Return what there is to complain about; `other` where all went well."""
    if is_wrong:
        return "wrong_item"
    if parcel.is_damaged:
        return "damaged"
    return "late_delivery" if parcel.is_late else "other"


def after(walk: Walk, duration: Duration) -> int:
    """Return an instant after the order's own end, in whole milliseconds."""
    instant = walk.at + duration.draw(walk.random)
    return instant - instant % MILLISECOND


def score_shares(days_late: float) -> tuple[float, float]:
    """Return the shares of promoters and detractors among patients whose order came so many days late.

    `promoters = PROMOTERS * PROMOTERS_KEPT_A_DAY ** days_late`; of those lost, DETRACTORS_OF_LOST become detractors.
    """
    promoters = rates.PROMOTERS * rates.PROMOTERS_KEPT_A_DAY**days_late
    return promoters, rates.DETRACTORS + rates.DETRACTORS_OF_LOST * (rates.PROMOTERS - promoters)


def draw_scores(days_late: float, random: Random) -> tuple[int, int]:
    """Draw the likelihood to recommend (0-10) and the satisfaction (1-5), by how late the order came."""
    promoters, detractors = score_shares(days_late)
    point, spread = random.random(), random.random()
    if point < promoters:
        group, nps = "promoter", 9 + (spread < 0.7)
    elif point < promoters + detractors:
        group, nps = "detractor", int(7 * spread)
    else:
        group, nps = "passive", 7 + (spread < 0.6)
    choices = SATISFACTION_OF_GROUP[group]
    return nps, choices[int(random.random() * len(choices))]
