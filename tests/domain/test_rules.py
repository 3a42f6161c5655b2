"""The domain's data files, held against each other."""

import re

import pytest

from pbm360.domain import rules

SOURCES = {"oms", "payer", "wms", "carrier", "iot", "crm"}
KINDS = {"identifier", "code", "integer", "numeric", "boolean", "timestamp", "date", "zip3", "ndc"}


def test_the_stages_stand_in_the_order_of_the_process():
    orders = [stage.stage_order for stage in rules.stages().values()]
    assert orders == sorted(set(orders))
    assert list(rules.stages())[:3] == ["RECEIVED", "INFO_HOLD", "INTAKE"]
    assert len(rules.stages()) == 23


def test_terminal_stages_have_no_allowance_and_all_others_do():
    terminal = {name for name, stage in rules.stages().items() if stage.is_terminal}
    assert terminal == {"RETURNED", "LOST", "CANCELLED", "DELIVERED"}
    assert {name for name, stage in rules.stages().items() if stage.sla_hours is None} == terminal
    assert rules.stages()["PA_PENDING"].sla_hours == 120


def test_every_event_type_has_a_known_source_and_stage():
    assert len(rules.event_types()) == 41
    for kind in rules.event_types().values():
        assert kind.source in SOURCES, kind
        assert {kind.stage, kind.stage_when_denied} - {None} <= set(rules.stages()), kind


def test_an_appeal_is_the_one_event_whose_decision_chooses_its_stage():
    two = {kind.event_type: (kind.stage, kind.stage_when_denied) for kind in rules.event_types().values()}
    assert two["appeal_decided"] == ("FINANCIAL", "CANCELLED")
    assert [name for name, (_, denied) in two.items() if denied] == ["appeal_decided"]


def test_every_event_type_and_source_is_accepted_as_it_is_spelled():
    assert set(rules.codes("type").values()) == set(rules.event_types())
    assert set(rules.codes("source").values()) == SOURCES
    for field in ("type", "source"):
        assert all(rules.codes(field)[value] == value for value in rules.codes(field).values())


def test_every_spelling_is_lower_case_and_trimmed_and_means_one_code():
    rows = rules.read_table("codes")
    assert len({(row["field"], row["code"]) for row in rows}) == len(rows)
    assert all(row["code"] == row["code"].lower().strip() for row in rows)


def test_every_code_field_has_a_list_and_every_code_is_in_its_own_list():
    coded = {field.field for field in rules.typed_fields() if field.kind == "code"}
    assert coded | {"type", "source"} == {row["field"] for row in rules.read_table("codes")}
    for field in coded:
        assert all(rules.codes(field).get(value) == value for value in rules.codes(field).values()), field


def test_every_typed_field_has_a_known_kind_and_a_column_of_its_own():
    fields = rules.typed_fields()
    assert {field.kind for field in fields} <= KINDS
    assert len({field.column for field in fields}) == len({field.field for field in fields}) == len(fields)
    assert all(re.fullmatch(r"[a-z_0-9]+", field.column) for field in fields)
    assert all(field.kind in ("integer", "numeric") for field in fields if field.minimum is not None)


def test_numbers_have_a_range_and_temperatures_may_be_negative():
    ranges = {field.field: (field.minimum, field.maximum) for field in rules.typed_fields()}
    assert ranges["degrees_celsius"] == (-100, 100)
    assert ranges["nps"] == (0, 10)
    assert ranges["carrier"] == (None, None)


@pytest.mark.parametrize(
    ("start", "end"),
    [("RECEIVED", "INTAKE"), ("QA", "FILL"), ("ATTEMPT_FAILED", "OUT_FOR_DELIVERY"), ("EXCEPTION", "LOST")],
)
def test_allowed_transitions_hold_the_state_machine(start, end):
    assert (start, end) in rules.allowed_transitions()


def test_refills_may_enter_at_clinical_and_reships_at_fill():
    assert {("RECEIVED", "CLINICAL"), ("RECEIVED", "FILL")} <= rules.allowed_transitions()


def test_every_stage_before_shipped_may_be_cancelled_and_none_after():
    cancelled_from = {start for start, end in rules.allowed_transitions() if end == "CANCELLED"}
    before = {name for name, stage in rules.stages().items() if stage.stage_order < 120}
    assert cancelled_from == before


def test_nothing_leaves_a_terminal_stage():
    assert not [pair for pair in rules.allowed_transitions() if rules.stages()[pair[0]].is_terminal]


def test_the_default_schema_is_known():
    assert rules.schema_versions()[rules.DEFAULT_SCHEMA] == 1


def test_every_reason_of_a_refusal_has_a_meaning():
    assert list(rules.rejection_reasons())[0] == "malformed_json"
    assert all(rules.rejection_reasons().values())
