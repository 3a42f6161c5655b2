"""Run the simulated future faster than the wall's clock, so that no event ever lies ahead of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

LIVE_RATE = 1.0
FAST_RATE = 86_400.0  # a simulated day in a second: in practice as fast as the topic takes it
FASTEST_RATE = 1_000_000.0  # steps are a second apart at least, and must stay a microsecond apart


@dataclass(frozen=True, slots=True)
class Clock:
    """Maps simulated instants to the wall's: the same up to `now`, `rate` times as dense after it.

    All instants are microseconds since 1970-01-01 UTC.
    """

    now: int
    rate: float = LIVE_RATE

    def __post_init__(self):
        if not (math.isfinite(self.rate) and 0 < self.rate <= FASTEST_RATE):
            raise ValueError(f"the rate must be over 0 and at most {FASTEST_RATE:.0f}; got {self.rate}")

    def wall(self, simulated: int) -> int:
        """Return the wall instant of a simulated one."""
        if simulated <= self.now or self.rate == LIVE_RATE:
            return simulated
        return self.now + math.ceil((simulated - self.now) / self.rate)

    def simulated(self, wall: int) -> int:
        """Return the latest simulated instant whose wall instant has come."""
        if wall <= self.now or self.rate == LIVE_RATE:
            return wall
        return self.now + math.floor((wall - self.now) * self.rate)


def parse_rate(text: str) -> float:
    """Return the rate of `live`, `fast` or a number, e.g. `60` for an hour in a minute. Raises `ValueError`."""
    named = {"live": LIVE_RATE, "fast": FAST_RATE}
    if text in named:
        return named[text]
    try:
        return Clock(0, float(text)).rate
    except ValueError as error:
        raise ValueError(f"rate must be live, fast or a number over 0, e.g. 60; got {text!r}") from error
