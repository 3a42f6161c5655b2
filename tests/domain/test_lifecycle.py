"""How a set of events becomes an order's row, on rows worked out by hand."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbm360.domain.lifecycle import order_rows
from pbm360.domain.rules import event_types, stages

START = datetime.datetime(2026, 11, 2, 9, 0, tzinfo=datetime.UTC)  # a Monday


def hours(count: float) -> datetime.datetime:
    return START + datetime.timedelta(hours=count)


def event(event_type: str, at: float, order_id: str = "A1", **columns) -> dict:
    """Build one row of stg_order_events; `at` is hours after START."""
    kind = event_types()[event_type]
    denied = event_type == "appeal_decided" and columns.get("decision") == "denied"
    stage = kind.stage_when_denied if denied else kind.stage
    row = {
        "event_id": f"{order_id}-{event_type}-{at}",
        "source": kind.source,
        "event_type": event_type,
        "event_at": hours(at),
        "order_id": order_id,
        "stage": stage,
        "stage_order": stages()[stage].stage_order if stage else None,
        "message_id": "m1",
        "known_at": hours(at),
    }
    return row | columns


def row_of(*events: dict) -> dict:
    (row,) = order_rows(events)
    return row


WHOLE_LIFE = (
    event("referral_received", 0, patient_key="k1", pharmacy_id="PH01", drug_ndc="99999000101", priority="urgent"),
    event("intake_completed", 4),
    event("benefits_started", 5),
    event("pa_submitted", 10),
    event("pa_approved", 90),
    event("benefits_completed", 91),
    event("claim_submitted", 92),
    event("claim_paid", 92.5),
    event("clinical_verified", 96),
    event("patient_scheduled", 120),
    event("filled", 124),
    event("qa_failed", 125),
    event("filled", 126),
    event("qa_passed", 127),
    event("packed", 128),
    event("label_created", 128.5, carrier="ups", promised_at=hours(156)),
    event("shipped", 130, carrier="ups"),
    event("in_transit", 132, carrier="ups"),
    event("out_for_delivery", 144, carrier="ups"),
    event("attempt_failed", 148, carrier="ups"),
    event("out_for_delivery", 168, carrier="ups"),
    event("delivered", 172.5, carrier="fedex"),
    event("survey", 200),
)


def test_a_whole_life_becomes_one_row():
    assert row_of(*WHOLE_LIFE) == {
        "order_id": "A1",
        "reported_order_id": "A1",
        "patient_key": "k1",
        "drug_ndc": "99999000101",
        "pharmacy_id": "PH01",
        "priority": "urgent",
        "days_supply": None,
        "fill_number": None,
        "is_reship": None,
        "previous_order_id": None,
        "carrier": "fedex",
        "promised_at": hours(156),
        "received_at": hours(0),
        "received_date": datetime.date(2026, 11, 2),
        "intake_completed_at": hours(4),
        "benefits_completed_at": hours(91),
        "prior_authorization_submitted_at": hours(10),
        "prior_authorization_decided_at": hours(90),
        "clinical_verified_at": hours(96),
        "filled_at": hours(124),
        "packed_at": hours(128),
        "shipped_at": hours(130),
        "delivered_at": hours(172.5),
        "cancelled_at": None,
        "stage": "DELIVERED",
        "stage_entered_at": hours(172.5),
        "sla_due_at": None,
        "status": "delivered",
        "turnaround_hours": 130.0,
        "delivery_hours": 42.5,
        "prior_authorization_hours": 80.0,
        "is_prior_authorization_first_pass": True,
        "is_appeal_overturned": None,
        "cancellation_reason": None,
        "is_abandoned": False,
        "has_clock_skew": False,
        "is_orphan": False,
        "is_on_time": False,
        "is_clean": False,
        "is_complete": None,
        "is_undamaged": None,
        "is_documented": None,
        "is_cold_chain": False,
        "is_temperature_monitored": False,
        "minutes_outside_range": 0,
        "is_in_temperature": True,
        "is_perfect": False,
        "covered_until_at": None,
        "has_repeated_activity": True,
        "delivery_attempt_count": 2,
        "rework_count": 1,
        "event_count": 23,
        "first_event_at": hours(0),
        "last_event_at": hours(200),
    }


def test_an_open_order_is_due_when_its_stage_has_lasted_as_long_as_allowed():
    row = row_of(event("referral_received", 0), event("intake_completed", 4), event("benefits_started", 5))
    assert (row["stage"], row["status"]) == ("BENEFITS", "open")
    assert (row["stage_entered_at"], row["sla_due_at"]) == (hours(5), hours(29))
    assert (row["turnaround_hours"], row["is_on_time"], row["is_clean"]) == (None, None, True)


def test_a_stage_is_entered_by_the_first_event_of_its_last_unbroken_run():
    row = row_of(
        event("packed", 1), event("qa_failed", 2), event("packed", 3), event("label_created", 4), event("call", 5)
    )
    assert (row["stage"], row["stage_entered_at"]) == ("LABELLED", hours(3))


def test_events_that_enter_no_stage_leave_it_null():
    row = row_of(event("call", 1), event("temperature_reading", 2))
    assert (row["stage"], row["stage_entered_at"], row["sla_due_at"], row["status"]) == (None, None, None, "open")
    assert (row["received_at"], row["received_date"]) == (None, datetime.date(2026, 11, 2))


def test_the_received_date_is_that_of_utc():
    row = row_of(event("call", 1), event("referral_received", 16))
    assert row["received_date"] == datetime.date(2026, 11, 3)


def test_a_tie_goes_to_the_later_stage():
    assert row_of(event("packed", 1), event("qa_passed", 1))["stage"] == "LABELLED"


def test_a_terminal_event_outdoes_later_ones():
    row = row_of(event("delivered", 5), event("in_transit", 9))
    assert (row["stage"], row["stage_entered_at"], row["last_event_at"]) == ("DELIVERED", hours(5), hours(9))


@pytest.mark.parametrize("end", ["delivered", "returned", "lost"])
def test_a_cancellation_competes_only_where_nothing_else_ended_the_order(end):
    row = row_of(event(end, 5), event("order_cancelled", 9))
    assert (row["status"], row["cancelled_at"]) == (end, hours(9))
    assert row_of(event("shipped", 5), event("order_cancelled", 3))["status"] == "cancelled"


def test_a_denied_appeal_cancels_and_an_approved_one_does_not():
    denied = row_of(event("appeal_submitted", 1), event("appeal_decided", 2, decision="denied"))
    assert (denied["status"], denied["cancelled_at"]) == ("cancelled", hours(2))
    approved = row_of(event("appeal_submitted", 1), event("appeal_decided", 2, decision="approved"))
    assert (approved["stage"], approved["cancelled_at"]) == ("FINANCIAL", None)


def test_a_decision_is_the_earliest_of_approval_and_denial():
    row = row_of(event("pa_submitted", 1), event("pa_denied", 3), event("pa_approved", 2))
    assert row["prior_authorization_decided_at"] == hours(2)


def test_of_copies_the_first_known_stands_and_they_count_once():
    known_first = event("filled", 5, event_id="x", known_at=hours(6), message_id="m2")
    known_later = event("filled", 5, event_id="x", known_at=hours(7), message_id="m1") | {"event_at": hours(4)}
    row = row_of(known_later, known_first)
    assert (row["filled_at"], row["event_count"]) == (hours(5), 1)


def test_of_copies_known_together_the_least_message_id_stands():
    first = event("filled", 5, event_id="x", known_at=hours(6), message_id="m1")
    second = event("filled", 4, event_id="x", known_at=hours(6), message_id="m2")
    assert row_of(second, first)["filled_at"] == hours(5)


def test_one_id_from_two_sources_is_two_events():
    assert row_of(event("filled", 1, event_id="x"), event("call", 2, event_id="x"))["event_count"] == 2


def test_what_did_not_occur_counts_neither_itself_nor_its_correction():
    wrong = event("delivered", 5, event_id="d1")
    correction = event("delivered", 6, event_id="d2", corrects_id="d1", correction_reason="did_not_occur")
    row = row_of(event("shipped", 1), wrong, correction)
    assert (row["stage"], row["delivered_at"], row["event_count"], row["last_event_at"]) == (
        "SHIPPED",
        None,
        1,
        hours(1),
    )


def test_a_correction_of_data_takes_the_place_of_what_it_names():
    wrong = event("delivered", 5, event_id="d1", carrier="ups")
    correction = event("delivered", 4, event_id="d2", corrects_id="d1", correction_reason="incorrect_data")
    row = row_of(event("shipped", 1, carrier="fedex"), wrong, correction)
    assert (row["delivered_at"], row["carrier"], row["event_count"]) == (hours(4), "fedex", 2)


def test_a_correction_reaches_its_own_source_and_order_alone():
    correction = event("call", 6, event_id="d2", corrects_id="d1", correction_reason="did_not_occur")
    other_order = event("delivered", 7, "B2", corrects_id="d1", correction_reason="did_not_occur")
    rows = order_rows([event("delivered", 5, event_id="d1"), correction, other_order])
    assert [(row["order_id"], row["status"], row["event_count"]) for row in rows] == [("A1", "delivered", 1)]


def test_an_order_whose_events_are_all_void_has_no_row():
    wrong = event("referral_received", 0, event_id="r1")
    correction = event("referral_received", 1, corrects_id="r1", correction_reason="did_not_occur")
    assert order_rows([wrong, correction]) == []


def test_no_events_are_no_rows():
    assert order_rows([]) == []


def test_attributes_are_the_first_that_is_not_null_and_carrier_and_promise_the_last():
    row = row_of(
        event("referral_received", 0, pharmacy_id=None, days_supply=28, is_reship=False),
        event("label_created", 1, pharmacy_id="PH02", carrier="ups", promised_at=hours(30), is_reship=True),
        event("in_transit", 2, pharmacy_id="PH03", carrier="fedex", promised_at=hours(20), days_supply=30),
        event("delivered", 3, carrier=None),
    )
    assert (row["pharmacy_id"], row["days_supply"], row["is_reship"]) == ("PH02", 28, False)
    assert (row["carrier"], row["promised_at"], row["is_on_time"]) == ("fedex", hours(20), True)


def test_of_an_instant_the_event_without_a_stage_comes_last():
    row = row_of(event("call", 0, pharmacy_id="PH09"), event("referral_received", 0, pharmacy_id="PH01"))
    assert row["pharmacy_id"] == "PH01"


def test_a_negative_duration_is_null_and_flagged():
    row = row_of(event("referral_received", 5), event("shipped", 3), event("delivered", 10))
    assert (row["turnaround_hours"], row["delivery_hours"], row["has_clock_skew"]) == (None, 7.0, True)


def test_a_delivery_at_the_promised_instant_is_on_time():
    assert row_of(event("label_created", 0, promised_at=hours(5)), event("delivered", 5))["is_on_time"] is True


COPIES = st.lists(st.sampled_from(WHOLE_LIFE), max_size=10)


@settings(max_examples=60)
@given(st.permutations(WHOLE_LIFE), COPIES)
def test_order_of_arrival_and_copies_change_nothing(events, copies):
    again = [copy | {"message_id": "m9", "known_at": copy["known_at"] + datetime.timedelta(hours=1)} for copy in copies]
    assert order_rows([*again, *events]) == order_rows(WHOLE_LIFE)


def test_an_order_id_that_comes_back_for_another_patient_is_another_order():
    first = event("referral_received", 0, patient_key="k1")
    rows = order_rows(
        [
            first,
            event("shipped", 10),
            event("delivered", 20),
            event("referral_received", 100, patient_key="k2"),
            event("shipped", 110),
            event("survey", 120, patient_key="k1", nps=9),  # the first patient speaks late
            event("referral_received", 200, patient_key="k1"),
        ]
    )
    assert {row["order_id"]: (row["reported_order_id"], row["status"], row["event_count"]) for row in rows} == {
        "A1": ("A1", "delivered", 4),
        "A1 (2)": ("A1", "open", 2),
        "A1 (3)": ("A1", "open", 1),
    }


def test_a_referral_told_twice_or_without_its_patient_begins_no_other_order():
    again = event("referral_received", 50, patient_key="k1") | {"event_id": "again"}
    nobody = event("referral_received", 60) | {"event_id": "nobody"}
    rows = order_rows([event("referral_received", 0, patient_key="k1"), again, nobody, event("shipped", 10)])
    assert [(row["order_id"], row["event_count"]) for row in rows] == [("A1", 4)]


def test_a_perfect_order_is_on_time_complete_undamaged_in_temperature_and_documented():
    packed = event("packed", 1, items_expected=2, items_packed=2, is_documents_complete=True, pack_type="cold")
    delivered = event("delivered", 10, condition="intact", promised_at=hours(10))
    reading = event("temperature_reading", 5)
    excursion = event("temperature_excursion", 6, minutes_outside=31)
    assert row_of(packed, delivered, reading)["is_perfect"] is True
    assert row_of(packed, delivered)["is_perfect"] is None  # cold, and nobody measured
    assert row_of(packed, delivered, excursion)["is_perfect"] is False
    assert row_of(packed | {"items_packed": 1}, delivered)["is_perfect"] is False
    assert row_of(packed, delivered | {"condition": "damaged"}, reading)["is_undamaged"] is False


def test_an_order_cancelled_for_cost_before_its_first_fill_is_abandoned():
    referral, cancelled = event("referral_received", 0), event("order_cancelled", 9, reason="cost")
    assert row_of(referral, cancelled)["is_abandoned"] is True
    assert row_of(referral, event("filled", 5), cancelled)["is_abandoned"] is False
    assert row_of(referral, cancelled | {"reason": "payer"})["is_abandoned"] is False
    assert row_of(cancelled)["is_orphan"] is True
