"""How often each defect is injected, what it befalls, and what is true and what can be known of the order then.

The truth of an order is what happened to it, whatever was sent: no defect changes it. What can be known of it is what
the accepted messages say; where that differs from the truth, `pbm_truth.knowable_orders` holds it (see `knowable`).

| defect | rate is a share of | what is done | what can be known |
|---|---|---|---|
| duplicate | events | sent twice | all |
| replayed_batch | quarters of an hour of a source | what it sent then and is flawless comes again | all |
| late, late_over_day | events | known after an hour (of these: a day) to three days | all, late |
| out_of_order | events soon followed by another | known after its successor | all |
| clock_skew | scanners | every scan is stamped 5 minutes early or late | the instant as stamped |
| missing_scan | events of wms and carrier | never sent | not the event |
| wrong_case | events | type or code in another case or by an alias | all |
| unknown_code | events | a type or code that no list has: refused, not sent again | not the event |
| malformed | events | first sent truncated, whole within two minutes | all |
| poison | events | a number for a time or a null byte: refused, not sent again; a megabyte: accepted | by its kind |
| wrong_offset | events | local time: with its offset accepted; without one refused, not sent again | by its kind |
| dst_hour | scans in the hour that summer time's end repeats | stamped with the old offset, an hour early | stamp |
| schema_drift | days of the history, the last; from a midnight, UTC | wms and payer speak `order-event/2` | all |
| orphan | events | sent under its own id in the order's place | not the event; an order that is none |
| reused_id | orders, reships apart | sent under the id of an earlier, finished order | all, as `<that id> (2)` |
| after_delivery | delivered orders | see `after_delivery` | all, once it is corrected; a cancellation stays |
| lost_zero | events with a National Drug Code that begins with 0 | without that zero | all |

An event suffers one of the drawn defects at most (`EVENT_DEFECTS`); clocks and schema come on top of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

EVENT_DEFECTS = (
    "duplicate",
    "late",
    "out_of_order",
    "missing_scan",
    "wrong_case",
    "unknown_code",
    "malformed",
    "poison",
    "wrong_offset",
    "orphan",
    "lost_zero",
)


@dataclass(frozen=True)
class DefectRates:
    """How often each defect is injected: a share of what it can befall."""

    duplicate: float = 0.01  # [A]
    replayed_batch: float = 0.002  # [A]
    late: float = 0.03  # [A] over an hour
    late_over_day: float = 0.003  # [A] of which over a day, as a share of all events too
    out_of_order: float = 0.02  # [A]; 1.2 % in a real log [S: Olist]
    clock_skew: float = 0.05  # [A]
    missing_scan: float = 0.02  # [A]
    wrong_case: float = 0.02  # [A]
    unknown_code: float = 0.003  # [A]
    malformed: float = 0.001  # [A]
    poison: float = 0.0002  # [A]
    wrong_offset: float = 0.005  # [A]
    dst_hour: float = 1.0  # [A]
    schema_drift: float = 0.25  # [A]
    orphan: float = 0.003  # [A]
    reused_id: float = 0.0005  # [A]
    after_delivery: float = 0.003  # [A]
    lost_zero: float = 0.01  # [A]

    def __post_init__(self):
        for name, value in self.by_name().items():
            if not 0 <= value <= 1:
                raise ValueError(f"the rate {name} must lie between 0 and 1; got {value}")
        if self.late_over_day > self.late:
            raise ValueError(f"late_over_day ({self.late_over_day}) is a part of late ({self.late}): lower it")
        if sum(self.thresholds().values()) > 1:
            raise ValueError(f"the rates must not exceed 1 together; got {self.thresholds()}")

    def by_name(self) -> dict[str, float]:
        """Map each rate's name to it."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def thresholds(self) -> dict[str, float]:
        """Map each defect of which an event suffers one at most to its rate."""
        return {name: getattr(self, name) for name in EVENT_DEFECTS}

    def changed(self, assignments: Iterable[str]) -> DefectRates:
        """Return the rates with some of them set by text, `late=0.1`. Raises `ValueError`."""
        return replace(self, **dict(parse_assignment(text) for text in assignments))


NO_DEFECTS = DefectRates(*[0.0] * len(fields(DefectRates)))


def parse_assignment(text: str) -> tuple[str, float]:
    """Return the name and the rate of `late=0.1`. Raises `ValueError`."""
    name, _, rate = text.partition("=")
    known = [item.name for item in fields(DefectRates)]
    if name not in known:
        raise ValueError(f"a defect must be one of {', '.join(known)}; got {name!r}")
    try:
        return name, float(rate)
    except ValueError as error:
        raise ValueError(f"the rate of {name} must be a number from 0 to 1, e.g. {name}=0.01; got {rate!r}") from error
