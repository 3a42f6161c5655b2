"""From the label to the doorstep: promise, scans, exceptions, attempts, returns and losses."""

from __future__ import annotations

from dataclasses import dataclass

from pbm360.simulate import durations, rates
from pbm360.simulate.choices import choose
from pbm360.simulate.fulfilment import scan
from pbm360.simulate.opening_hours import HOUR, OpeningHours
from pbm360.simulate.walk import Walk

DELIVERY_DAYS_OF_SERVICE = {"same_day": 0, "overnight": 1, "two_day": 2, "ground": 4}  # [A]
HUBS_OF_SERVICE = {"same_day": 0, "overnight": 1, "two_day": 2, "ground": 3}  # [A] scans between first and last mile
SAME_DAY_NEEDS = 6 * HOUR  # [A] a courier who gets it later delivers on the next day
EARLY_GROUND = 0.25  # [A]
LOADING = HOUR // 6  # from the last scan to the vehicle, at least
ROUND_STARTS_WITHIN = 3 * HOUR // 2  # [A] of the morning


@dataclass(slots=True)
class Parcel:
    """A parcel under way, and how it ended: delivered, returned or lost."""

    carrier: str
    service: str
    shipped_at: int
    promised_at: int
    attempt_window: int  # index of the delivery day on which it is first tried
    tracking: dict[str, object]
    is_late: bool = False
    is_damaged: bool = False
    had_excursion: bool = False
    ended_as: str = "delivered"


def ship(walk: Walk, windows: OpeningHours) -> Parcel:
    """Label the package and hand it to a carrier; the promise holds from the hand-over that is booked."""
    is_ambient = walk.order.drug.pack_type == "ambient"
    carrier, service = choose(rates.AMBIENT_SERVICES if is_ambient else rates.COLD_SERVICES, walk.random)
    labelled_at = walk.work(durations.LABELLING).at
    parcel = plan(walk, windows, carrier, service, walk.work_at("dock", durations.HAND_OVER).at)
    label = {key: value for key, value in parcel.tracking.items() if key != "zip3"}
    label |= scan(walk, "label") | {"pack_type": walk.order.drug.pack_type}
    walk.record_at(labelled_at, "label_created", parcel.promised_at, **label)
    walk.record("shipped", carrier=carrier, **scan(walk, "dock"))
    return parcel


def plan(walk: Walk, windows: OpeningHours, carrier: str, service: str, shipped_at: int) -> Parcel:
    """Promise a delivery day by the service, and decide whether the carrier will keep it."""
    index = windows.opening_index(shipped_at)
    days = DELIVERY_DAYS_OF_SERVICE[service]
    if service == "same_day" and windows.opening(index)[1] - shipped_at < SAME_DAY_NEEDS:
        days = 1
    is_late = not walk.happens(rates.CARRIER_ON_TIME[carrier])
    is_early = service == "ground" and not is_late and walk.happens(EARLY_GROUND)
    return Parcel(
        carrier,
        service,
        shipped_at,
        promised_at=windows.opening(index + days)[1],
        attempt_window=index + days + is_late - is_early,
        tracking={
            "carrier": carrier,
            "service": service,
            "tracking_number": f"SYN{walk.order.order_id}",
            "zip3": walk.order.zip3,
        },
        is_late=is_late,
    )


def carry(walk: Walk, parcel: Parcel, windows: OpeningHours) -> None:
    """Take the parcel from the dock to its end."""
    first_scan = durations.COURIER_SCAN if parcel.service == "same_day" else durations.FIRST_SCAN
    walk.wait(first_scan)
    if walk.wait_out(walk.place.strikes.get(parcel.carrier)):
        walk.wait(first_scan)
    walk.record("in_transit", parcel.promised_at, **parcel.tracking)
    if not survives_transit(walk, parcel):
        return
    sit_out_storms(walk, parcel, windows)
    pass_hubs(walk, parcel, windows)
    attempt(walk, parcel, windows)


def survives_transit(walk: Walk, parcel: Parcel) -> bool:
    """Let the exceptions happen; False where the parcel comes back or is lost."""
    point = walk.random.random()
    if point < rates.RETURNED + rates.LOST:
        parcel.ended_as = "returned" if point < rates.RETURNED else "lost"
        causes = rates.RETURN_CAUSES if parcel.ended_as == "returned" else rates.EXCEPTION_CAUSES
        walk.wait(durations.EXCEPTION).record("exception", substatus=choose(causes, walk.random), **parcel.tracking)
        walk.wait(durations.EXCEPTION_END).record(parcel.ended_as, **parcel.tracking)
        return False
    if parcel.is_late and walk.happens(rates.EXCEPTION_WHEN_LATE):
        cause = choose(rates.EXCEPTION_CAUSES, walk.random)
        walk.wait(durations.EXCEPTION).record("exception", substatus=cause, **parcel.tracking)
        walk.wait(durations.HUB_SCAN).record("in_transit", parcel.promised_at, **parcel.tracking)
    return True


def sit_out_storms(walk: Walk, parcel: Parcel, windows: OpeningHours) -> None:
    """Hold the parcel at a hub where a storm closes the roads before it can be at the door."""
    for storm in walk.place.storms:
        if not (walk.at < storm.ends and storm.begins < windows.opening(parcel.attempt_window)[1]):
            continue
        if walk.at < storm.begins:
            walk.wait_until(storm.begins)
        walk.wait(durations.HUB_SCAN).record("exception", substatus="weather", **parcel.tracking)
        walk.wait_out(storm)
        walk.wait(durations.HUB_SCAN).record("in_transit", parcel.promised_at, **parcel.tracking)


def pass_hubs(walk: Walk, parcel: Parcel, windows: OpeningHours) -> None:
    """Scan the parcel at the hubs that lie between here and the morning of the first attempt."""
    hubs = HUBS_OF_SERVICE[parcel.service]
    start, morning = walk.at, windows.opening(parcel.attempt_window)[0]
    for hub in range(1, hubs + 1):
        instant = start + int((morning - start) * (hub - 0.5 * walk.random.random()) / (hubs + 1))
        if instant > walk.at:
            walk.wait_until(instant).record("in_transit", parcel.promised_at, **parcel.tracking)


def attempt(walk: Walk, parcel: Parcel, windows: OpeningHours) -> None:
    """Go out day by day until somebody takes the parcel."""
    window = max(parcel.attempt_window, windows.opening_index(walk.at + HOUR))
    strike = walk.place.strikes.get(parcel.carrier)
    for number in range(1, rates.MOST_ATTEMPTS + 1):
        opens, closes = windows.opening(window)
        if strike and strike.begins <= opens < strike.ends:
            window = windows.opening_index(strike.ends)
            opens, closes = windows.opening(window)
        walk.wait_until(max(opens + int(ROUND_STARTS_WITHIN * walk.random.random()), walk.at + LOADING))
        walk.record("out_for_delivery", parcel.promised_at, **parcel.tracking)
        at_door = walk.at + durations.ON_VEHICLE.draw(walk.random)
        if at_door >= closes:
            at_door = walk.at + int((closes - walk.at) * walk.random.random())
        walk.wait_until(at_door)
        if number == rates.MOST_ATTEMPTS or not walk.happens(rates.ATTEMPT_FAILED):
            break
        cause = choose(rates.ATTEMPT_CAUSES, walk.random)
        walk.record("attempt_failed", substatus=cause, **parcel.tracking)
        window += 1
    parcel.is_damaged = walk.happens(rates.DAMAGED)
    parcel.is_late = walk.at > parcel.promised_at
    walk.record("delivered", condition="damaged" if parcel.is_damaged else "intact", **parcel.tracking)
