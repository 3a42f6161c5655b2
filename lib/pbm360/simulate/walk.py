"""Write down an order's life: a clock that only goes forward, and the step that happens at its time."""

from __future__ import annotations

from random import Random

from pbm360.simulate.durations import SECOND, Duration
from pbm360.simulate.places import Place
from pbm360.simulate.stations import Outage
from pbm360.simulate.world import Order, Step, source_of

MILLISECOND = 1000  # microseconds


class Walk:
    """One order on its way through the process; `at` is the instant that it has reached."""

    def __init__(self, order: Order, place: Place, random: Random):
        self.order = order
        self.place = place
        self.hours = place.hours
        self._stations = place.stations
        self.random = random
        self._point = random.random
        self.at = order.created_at
        self._common, self._source_of = common_data(order), source_of()

    def happens(self, chance: float) -> bool:
        """Tell whether something of this chance happens."""
        return self._point() < chance

    def work(self, duration: Duration) -> Walk:
        """Go forward by pharmacy work, which is done in opening hours."""
        self._move(self.hours.after_work(self.at, duration.draw(self.random)))
        return self

    def work_at(self, station: str, duration: Duration) -> Walk:
        """Go forward by pharmacy work, and then until the station's staff come to this order."""
        ready_at = self.hours.after_work(self.at, duration.draw(self.random))
        self._move(self._stations[station].finish(ready_at))
        return self

    def wait(self, duration: Duration) -> Walk:
        """Go forward by the clock, whatever the hour."""
        self._move(self.at + duration.draw(self.random))
        return self

    def wait_for_opening(self, duration: Duration) -> Walk:
        """Go forward by the clock, and then until the pharmacy is open."""
        self._move(self.hours.after_work(self.at + duration.draw(self.random), self._pause()))
        return self

    def wait_for_payer(self, duration: Duration) -> Walk:
        """Go forward by the clock, and then until the insurance works and its desk comes to this order."""
        ready_at = self.place.payer_hours.after_work(self.at + duration.draw(self.random), self._pause())
        self._move(self.place.payer_desk.finish(ready_at))
        return self

    def wait_out(self, outage: Outage | None) -> bool:
        """Go forward to the end of a disturbance where it is going on; tells whether it was."""
        if outage is None or not outage.begins <= self.at < outage.ends:
            return False
        self._move(outage.ends)
        return True

    def wait_until(self, instant: int) -> Walk:
        """Go forward to an instant, a second at least."""
        self._move(instant)
        return self

    def record(self, event_type: str, promised_at: int | None = None, **data) -> None:
        """Write down that this happens now. Steps without data of their own share the order's."""
        common = self._common[self._source_of[event_type]]
        self.order.steps.append(Step(event_type, self.at, common | data if data else common, promised_at))

    def record_at(self, instant: int, event_type: str, promised_at: int | None = None, **data) -> None:
        """Write down that this happens at an instant, beside the order's own way."""
        whole = self._common[self._source_of[event_type]] | data
        self.order.steps.append(Step(event_type, instant, whole, promised_at))

    def _move(self, instant: int) -> None:
        earliest = self.at + SECOND
        instant -= instant % MILLISECOND
        self.at = instant if instant > earliest else earliest

    def _pause(self) -> int:
        """Return a few minutes of work: people who find an answer in the morning don't all act at the same second."""
        return int((1 + 14 * self.random.random()) * 60 * SECOND)


def common_data(order: Order) -> dict[str, dict[str, object]]:
    """Return, by source, the fields that every event of the order carries."""
    patient_id, pharmacy_id, drug_ndc = order.patient_id, order.pharmacy.pharmacy_id, order.drug.drug_ndc
    ordered = {"patient_id": patient_id, "pharmacy_id": pharmacy_id, "drug_ndc": drug_ndc}
    return {
        "oms": ordered,
        "payer": ordered | {"plan_type": order.plan_type},
        "wms": {"pharmacy_id": pharmacy_id, "drug_ndc": drug_ndc},
        "carrier": {},
        "iot": {},
        "crm": {"patient_id": patient_id, "pharmacy_id": pharmacy_id},
    }
