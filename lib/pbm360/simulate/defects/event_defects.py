"""The defects of which an event suffers one at most: each sends its step in its own way, and notes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pbm360.simulate.defects.sending import MINUTE, Target, is_exposed_to_disorder, seconds
from pbm360.simulate.defects.spellings import coded_fields, other_spellings, unknown_spellings
from pbm360.simulate.durations import SECOND
from pbm360.simulate.opening_hours import DAY, HOUR

SCAN_SOURCES = frozenset(["wms", "carrier"])
LATEST = 3 * DAY
QUICK_DUPLICATE = 0.7  # [A] duplicates that follow within a minute; the rest within twelve hours
CUT_LEAST, CUT_MOST = 0.3, 0.9  # share of the payload that a truncated copy keeps
POISONS = ("number_for_time", "null_byte", "megabyte")  # [A] alike often
WITHOUT_OFFSET = 0.5  # [A] of the stamps in local time
HIDE_THE_EVENT = frozenset(["missing_scan", "unknown_code", "poison", "wrong_offset", "orphan"])


def befalls(defect: str, target: Target) -> bool:
    """Tell whether a defect can befall a step. The referral of a reused id stays, since it begins the order there."""
    if defect == "missing_scan":
        return target.source in SCAN_SOURCES
    if defect == "out_of_order":
        return is_exposed_to_disorder(target.step.known_at, target.successor_known_at)
    if defect == "lost_zero":
        return str(target.step.data.get("drug_ndc", "")).startswith("0")
    is_beginning = target.order.reported_as is not None and target.step.event_type == "referral_received"
    return not (is_beginning and defect in HIDE_THE_EVENT)


def duplicate(target: Target) -> None:
    """Send it twice."""
    span = MINUTE if target.random.random() < QUICK_DUPLICATE else 12 * HOUR
    again_at = target.step.known_at + SECOND + int(span * target.random.random())
    target.send()
    target.send(again_at)
    target.note("duplicate", f"sent again after {seconds(again_at - target.step.known_at)}", again_at)


def late(target: Target, is_over_day: bool) -> None:
    """Let it be known an hour to a day after it happened, or a day to three."""
    least, most = (DAY, LATEST) if is_over_day else (HOUR, DAY)
    delay = least + SECOND + int((most - least - 2 * SECOND) * target.random.random())
    target.step.known_at = target.step.event_at + delay
    target.send()
    target.note("late", f"known after {seconds(delay)}")


def out_of_order(target: Target) -> None:
    """Let it be known after its successor."""
    target.step.known_at = target.successor_known_at + SECOND + int(MINUTE * target.random.random())
    target.send()
    target.note("out_of_order", "known after its successor")


def missing_scan(target: Target) -> None:
    """Never send it."""
    target.step.is_withheld = True
    target.note("missing_scan", "never sent")


def wrong_case(target: Target) -> None:
    """Spell its type or one code in a way that is understood."""
    detail = spell(target, other_spellings)
    target.send()
    target.note("wrong_case", detail)


def unknown_code(target: Target) -> None:
    """Spell its type or one code in a way that no list has."""
    detail = spell(target, unknown_spellings)
    send_refused(target)
    target.note("unknown_code", f"{detail}; refused, not sent again")


def malformed(target: Target) -> None:
    """Send it truncated, and whole within two minutes."""
    truncated_at = target.step.known_at
    kept_share = CUT_LEAST + (CUT_MOST - CUT_LEAST) * target.random.random()
    target.step.known_at += 5 * SECOND + int(2 * MINUTE * target.random.random())
    target.send(truncated_at, kept_share)
    target.send()
    after = seconds(target.step.known_at - truncated_at)
    target.note("malformed", f"first sent truncated, whole after {after}", truncated_at)


def poison(target: Target) -> None:
    """Send what breaks a careless reader: a number for the time, a null byte, a megabyte of text."""
    kind = POISONS[int(len(POISONS) * target.random.random())]
    target.form().body = kind
    if kind == "megabyte":
        target.send()
        target.note("poison", "megabyte: whole, with a text of 1,000,000 characters")
    else:
        send_refused(target)
        target.note("poison", f"{kind}: refused, not sent again")


def wrong_offset(target: Target) -> None:
    """Stamp it with local time, with its offset or without one."""
    form = target.form()
    form.zone = target.order.pharmacy.time_zone
    if target.random.random() < WITHOUT_OFFSET:
        form.has_offset = False
        send_refused(target)
        target.note("wrong_offset", "local time without an offset: refused, not sent again")
    else:
        target.send()
        target.note("wrong_offset", "local time with its offset")


def orphan(target: Target) -> None:
    """Send it under its own id in the order's place: an order that nobody referred."""
    target.form().order_id = target.step.event_id
    target.send()
    target.note("orphan", f"sent as of order {target.step.event_id}")


def lost_zero(target: Target) -> None:
    """Send its National Drug Code without the zero that it begins with."""
    data = target.data()
    target.form().data = data | {"drug_ndc": data["drug_ndc"][1:]}
    target.send()
    target.note("lost_zero", f"drug_ndc: {data['drug_ndc'][1:]}")


def spell(target: Target, spellings: Callable[[str, str], Iterable[str]]) -> str:
    """Spell the type or one code of the data otherwise; returns what was done."""
    data = target.data()
    places = ["type", *(name for name in coded_fields() if name in data)]
    place = places[int(target.random.random() * len(places))]
    choices = list(spellings(place, target.step.event_type if place == "type" else data[place]))
    spelling = choices[int(target.random.random() * len(choices))]
    if place == "type":
        target.form().event_type = spelling
    else:
        target.form().data = data | {place: spelling}
    return f"{place}: {spelling}"


def send_refused(target: Target) -> None:
    """Send what the receiver's rules refuse; the source sends nothing better afterwards."""
    target.form().is_refused = True
    target.send()
