"""Keep the first days of a simulated world for those who ask again, and make the later ones anew for each reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pbm360.simulate.population import Population
from pbm360.simulate.world import Order


class KeptDays:
    """The days of one world, the orders born on each. Days beyond the first `most_orders` orders are not kept."""

    def __init__(self, make_population: Callable[[], Population], most_orders: int):
        self._make_population = make_population
        self._most_orders = most_orders
        self._days: list[list[Order]] = []
        self._order_count = 0
        self._is_taken = False  # by a reader who went on beyond what is kept
        self.population = make_population()

    def days(self) -> Iterator[list[Order]]:
        """Yield the orders of each day, without end. Days that are made anew are the same ones."""
        day = 0
        while day < len(self._days) or self._order_count < self._most_orders:
            if day == len(self._days):
                self._days.append(self.population.make_day())
                self._order_count += len(self._days[day])
            yield self._days[day]
            day += 1
        population = self._take_population()
        while True:
            yield population.make_day()

    def _take_population(self) -> Population:
        """Return a population that has made the kept days: the one that made them, later ones of the reader's own."""
        if not self._is_taken:
            self._is_taken = True
            return self.population
        population = self._make_population()
        for _ in self._days:
            population.make_day()
        return population
