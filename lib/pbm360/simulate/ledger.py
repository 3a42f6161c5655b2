"""Write the ground truth: what truly happened to each order, and what was done to which event.

Rows are those of the tables in `sql/truth`; instants are aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable

from pbm360.domain.envelope import to_instant
from pbm360.domain.lifecycle import MILESTONES, STATUS_OF_STAGE
from pbm360.simulate.clock import Clock
from pbm360.simulate.defects.reused_ids import is_hidden
from pbm360.simulate.scenarios import Scenario
from pbm360.simulate.world import PHARMACIES, Order, Step, source_of, stage_of

COLUMN_OF_TYPE = {event_type: column for column, types in MILESTONES.items() for event_type in types}


def truth_row(order: Order, simulation_id: str, known_until: int, clock: Clock) -> dict[str, object] | None:
    """Return an order's true row, of what was known by the wall's instant; None where nothing tells of it yet.

    Events that were withheld or refused count as if they had come: the truth holds what happened.
    """
    known = [step for step in order.steps if clock.wall(step.known_at) <= known_until]
    if all(is_hidden(step) for step in known):
        return None
    stage = true_stage(known)
    promised = next((step for step in reversed(known) if step.promised_at), None)
    return {
        "order_id": order.order_id,
        "simulation_id": simulation_id,
        "pharmacy_id": order.pharmacy.pharmacy_id,
        "patient_id": order.patient_id,
        "drug_ndc": order.drug.drug_ndc,
        "carrier": next((step.data["carrier"] for step in reversed(known) if "carrier" in step.data), None),
        "stage": stage,
        "status": STATUS_OF_STAGE.get(stage, "open"),
        **true_milestones(known, clock),
        "promised_at": to_instant(promise_as_sent(promised, clock)) if promised else None,
        "event_count": len(known),
        "known_until": to_instant(known_until),
    }


def true_milestones(known: list[Step], clock: Clock) -> dict[str, object]:
    """Return each milestone's instant: the first step of its kind, None where there is none yet."""
    found = dict.fromkeys(MILESTONES)
    for step in known:
        column = COLUMN_OF_TYPE.get(step.event_type)
        is_approval = step.event_type == "appeal_decided" and step.data["decision"] == "approved"
        if column and found[column] is None and not is_approval:
            found[column] = to_instant(clock.wall(step.event_at))
    return found


def true_stage(known: list[Step]) -> str | None:
    """Return the stage of the last known step that enters one, None where none does; nothing follows an order's end."""
    for step in reversed(known):
        if step.event_type == "appeal_decided" and step.data["decision"] == "denied":
            return "CANCELLED"
        if stage_of()[step.event_type]:
            return stage_of()[step.event_type]
    return None


def promise_as_sent(step: Step, clock: Clock) -> int:
    """Return the promise as the step's message tells it: on a faster clock where the message is not yet sent."""
    return clock.wall(step.promised_at) if step.known_at > clock.now else step.promised_at


def scenario_rows(scenarios: Iterable[Scenario], simulation_id: str) -> list[dict[str, object]]:
    """Return the rows of `pbm_truth.scenarios`: one per scenario and place."""
    rows = []
    for scenario in scenarios:
        for pharmacy in PHARMACIES:
            outage = scenario.outage(scenario.time_zone(pharmacy))
            row = {
                "simulation_id": simulation_id,
                "scenario": scenario.kind.name,
                "title": scenario.kind.title,
                "place": pharmacy.pharmacy_id,
                "target": " ".join(scenario.kind.targets) or None,
                "factor": scenario.kind.factor,
                "disturbed_stage": scenario.kind.disturbed_stage,
                "begins_at": to_instant(outage.begins),
                "ends_at": to_instant(outage.ends),
            }
            rows += [row] if scenario.is_at(pharmacy.pharmacy_id) else []
    return rows


def defect_rows(order: Order, simulation_id: str, known_until: int, clock: Clock) -> list[dict[str, object]]:
    """Return the rows of what was done to the order's events, as far as it came to the topic by the wall's instant."""
    return [
        {
            "simulation_id": simulation_id,
            "defect": injection.defect,
            "order_id": order.order_id,
            "source": source_of()[injection.step.event_type],
            "event_id": injection.step.event_id,
            "event_type": injection.step.event_type,
            "event_at": to_instant(clock.wall(injection.step.event_at)),
            "observed_at": to_instant(clock.wall(injection.observed_at)),
            "detail": injection.detail,
        }
        for injection in order.defects
        if clock.wall(injection.observed_at) <= known_until
    ]
