"""From the referral to a paid claim: intake, benefits, prior authorization, what the patient pays."""

from __future__ import annotations

from random import Random

from pbm360.simulate import durations, rates
from pbm360.simulate.choices import choose
from pbm360.simulate.walk import Walk


def clear(walk: Walk) -> bool:
    """Take a first fill from RECEIVED to CLINICAL; False where the order ends on the way."""
    if not take_in(walk):
        return False
    patient_pay = draw_patient_pay(walk.random)
    return check_benefits(walk, patient_pay) and settle_payment(walk, patient_pay)


def take_in(walk: Walk) -> bool:
    """Enter the referral, and ask for what it lacks."""
    walk.work_at("intake", durations.INTAKE)
    if walk.happens(rates.DUPLICATE_ORDER):
        return cancel(walk, "duplicate")
    walk.record("intake_completed")
    if walk.happens(rates.INFO_HOLD):
        walk.work(durations.INFO_QUESTION).record("info_requested", reason=choose(rates.INFO_REASONS, walk.random))
        walk.wait_for_opening(durations.INFO_ANSWER)
        if withdraws(walk, "INFO_HOLD"):
            return False
        walk.record("info_received")
    return not withdraws(walk, "INTAKE")


def check_benefits(walk: Walk, patient_pay: float) -> bool:
    """Ask the insurance what it covers, with a prior authorization where it wants one."""
    walk.work(durations.BENEFITS_START).record("benefits_started")
    walk.work_at("benefits", durations.BENEFITS)
    if withdraws(walk, "BENEFITS"):
        return False
    needs_authorization = walk.order.plan_type != "cash" and walk.happens(authorization_chance())
    if needs_authorization and not authorize(walk):
        return False
    if needs_authorization:
        walk.wait(durations.LABELLING)  # the answer is entered within minutes
    walk.record("benefits_completed", patient_pay=patient_pay)
    return True


def authorization_chance() -> float:
    """Return the chance among insured patients, so that it is the measured one among all."""
    insured = sum(share for plan, share in rates.PLANS if plan != "cash")
    return rates.PRIOR_AUTHORIZATION_NEEDED / insured


def authorize(walk: Walk) -> bool:
    """Get the prior authorization, by an appeal where it is denied; False where it stays denied."""
    pa_id = f"PA{walk.order.order_id}"
    walk.record("pa_submitted", pa_id=pa_id)
    is_urgent = walk.order.priority == "urgent"
    walk.wait_for_payer(durations.PRIOR_AUTHORIZATION_URGENT if is_urgent else durations.PRIOR_AUTHORIZATION)
    if withdraws(walk, "PA_PENDING"):
        return False
    if walk.happens(rates.PRIOR_AUTHORIZATION_APPROVED):
        walk.record("pa_approved", pa_id=pa_id)
        return True
    walk.record("pa_denied", pa_id=pa_id)
    walk.work(durations.APPEAL_WRITING)
    if not walk.happens(rates.APPEALED):
        return cancel(walk, "payer")
    walk.record("appeal_submitted", pa_id=pa_id)
    is_overturned = walk.wait_for_payer(durations.APPEAL).happens(rates.APPEAL_OVERTURNED)
    walk.record("appeal_decided", pa_id=pa_id, decision="approved" if is_overturned else "denied")
    return is_overturned


def settle_payment(walk: Walk, patient_pay: float) -> bool:
    """Agree on what the patient pays, with assistance where it is much, and get the claim paid."""
    if patient_pay > 250 and walk.order.plan_type == "commercial" and walk.happens(rates.COPAY_ASSISTED):
        patient_pay = round(patient_pay % 30, 2)
        walk.wait_for_opening(durations.COPAY_ASSISTANCE).record("copay_assistance_applied", patient_pay=patient_pay)
    walk.wait_for_opening(durations.COST_DECISION)
    if walk.happens(abandonment_chance(patient_pay)):
        return cancel(walk, "cost")
    walk.work_at("claims", durations.CLAIM_ENTRY).record("claim_submitted")
    if walk.happens(rates.CLAIM_REJECTED):
        walk.wait(durations.CLAIM_ANSWER).record("claim_rejected", reject_codes=choose(rates.REJECT_CODES, walk.random))
        walk.work(durations.CLAIM_REPAIR).record("claim_submitted")
    elif walk.happens(rates.CLAIM_REVERSED):
        walk.work(durations.CLAIM_ENTRY).record("claim_reversed")
        walk.work(durations.CLAIM_ENTRY).record("claim_submitted")
    walk.wait(durations.CLAIM_ANSWER).record("claim_paid", patient_pay=patient_pay)
    return True


def draw_patient_pay(random: Random) -> float:
    """Draw what a patient would pay for one order, US dollars."""
    least, most = choose(rates.PATIENT_PAY_USD, random)
    return round(least + (most - least) * random.random(), 2)


def abandonment_chance(patient_pay_usd: float) -> float:
    """Return the chance that a patient gives up a first fill at this price."""
    if patient_pay_usd < 30:
        return rates.ABANDONED_UNDER_30_USD
    return rates.ABANDONED_OVER_250_USD if patient_pay_usd > 250 else rates.ABANDONED_30_TO_250_USD


def withdraws(walk: Walk, stage: str) -> bool:
    """Let a few orders end in a stage for no fault of the pharmacy's; tells whether this one does."""
    chance, reason = rates.WITHDRAWN[stage]
    if not walk.happens(chance):
        return False
    walk.work(durations.WITHDRAWAL)
    cancel(walk, reason)
    return True


def cancel(walk: Walk, reason: str) -> bool:
    """End the order here; always False, so that the journey stops."""
    walk.record("order_cancelled", reason=reason)
    return False
