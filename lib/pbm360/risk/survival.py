"""Estimate how long something still lasts, by cells of like cases, each drawn toward its parent cell.

The chance that it lasts longer than `h` hours is counted in every level's cell, from the coarse to the fine:
`p(level) = (longer + pull * p(level before)) / (cases + pull)`, so that a cell with few cases says what its parent
says (empirical Bayes with a prior of `pull` cases). Where no level knows the cell, the whole sample answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

PULL = 20.0  # cases that a parent's word weighs
NEVER = 9e4  # hours: it never happened
RADIX = 256  # of a column's codes in a cell's number
BLOCK = 1e5  # hours, more than NEVER: one cell's values in the sorted array
STEPS = 20  # halvings of the range in which a quantile lies
LONGEST = 8_000.0  # hours that a quantile looks at


@dataclass(frozen=True)
class Level:
    """The cells of one level: their numbers, ascending, and all cases' hours, by cell and then ascending."""

    columns: tuple[str, ...]
    cells: np.ndarray
    hours: np.ndarray  # cell's place * BLOCK + hours
    firsts: np.ndarray  # by cell's place: that of its first hours, and behind the last cell their number

    def place(self, cells: pd.DataFrame) -> Placed:
        """Look up in which cell of the level each case lies."""
        numbers = cell_numbers(cells, self.columns)
        place = np.minimum(np.searchsorted(self.cells, numbers), len(self.cells) - 1)
        end = self.firsts[place + 1]
        count = np.where(self.cells[place] == numbers, end - self.firsts[place], 0)
        return Placed(self.hours, place * BLOCK, end, count)


@dataclass(frozen=True)
class Placed:
    """Cases in their cells of one level; `count` is how many past cases each cell holds, 0 where it is unknown."""

    hours: np.ndarray
    block: np.ndarray
    end: np.ndarray
    count: np.ndarray

    def longer(self, hours: np.ndarray) -> np.ndarray:
        """Return for each case how many of its cell lasted longer than so many hours."""
        after = np.searchsorted(self.hours, self.block + np.clip(hours, 0, NEVER), side="right")
        return np.where(self.count, self.end - after, 0)


@dataclass(frozen=True)
class Cases:
    """Cases of which several things are asked: their cells are looked up once."""

    cells: pd.DataFrame
    survival: Survival

    @cached_property
    def placed(self) -> list[Placed]:
        """The cases in the cells of each level."""
        return [level.place(self.cells) for level in self.survival.levels]

    @cached_property
    def _alike(self) -> tuple[np.ndarray, Cases]:
        """The kinds of cases, one of each, and which of them each case is."""
        columns = list(dict.fromkeys(name for level in self.survival.levels for name in level.columns))
        alike = self.cells.groupby(columns).ngroup().to_numpy()  # in order: neighbours are looked up in one place
        return alike, Cases(self.cells.iloc[np.unique(alike, return_index=True)[1]], self.survival)

    def beyond(self, hours: np.ndarray) -> np.ndarray:
        """Return the chance that each case lasts longer than so many hours."""
        return self.beyond_by_level(hours)[-1]

    def beyond_by_level(self, hours: np.ndarray) -> np.ndarray:
        """Return the same as each level says, an array (levels, cases): what a level adds is what its columns say."""
        found, chance = [], np.full(len(self.cells), 0.5)
        for placed in self.placed:
            chance = (placed.longer(hours) + PULL * chance) / (placed.count + PULL)
            found.append(chance)
        return np.array(found)

    def quantile(self, share: float) -> np.ndarray:
        """Return the hours that a share of like cases does not exceed; NaN beyond `LONGEST`."""
        alike, kinds = self._alike
        low, high = np.zeros(len(kinds.cells)), np.full(len(kinds.cells), LONGEST)
        for _ in range(STEPS):
            middle = (low + high) / 2
            is_longer = kinds.beyond(middle) > 1 - share
            low, high = np.where(is_longer, middle, low), np.where(is_longer, high, middle)
        return np.where(high >= LONGEST, np.nan, high)[alike]


@dataclass(frozen=True)
class Survival:
    """The levels, coarse to fine. The first one has no columns: the whole sample."""

    levels: tuple[Level, ...]

    def of(self, cells: pd.DataFrame) -> Cases:
        """Return cases by their cells, to ask of them."""
        return Cases(cells, self)

    def beyond(self, cells: pd.DataFrame, hours: np.ndarray) -> np.ndarray:
        """Return the chance that each case lasts longer than so many hours."""
        return self.of(cells).beyond(hours)

    def quantile(self, cells: pd.DataFrame, share: float) -> np.ndarray:
        """Return the hours that a share of like cases does not exceed; NaN beyond `LONGEST`."""
        return self.of(cells).quantile(share)


def fit(cells: pd.DataFrame, hours: np.ndarray, levels: Sequence[tuple[str, ...]]) -> Survival:
    """Sort the cases into the cells of every level. `cells` holds codes below 256; `hours` are not negative."""
    if not len(cells):
        raise ValueError("no case to learn from: the table has no order whose end is known")
    values = np.clip(hours, 0, NEVER)
    found = []
    for columns in ((), *levels):
        numbers, place = np.unique(cell_numbers(cells, columns), return_inverse=True)
        ascending = np.sort(place * BLOCK + values)
        firsts = np.searchsorted(ascending, np.arange(len(numbers) + 1) * BLOCK)
        found.append(Level(tuple(columns), numbers, ascending, firsts))
    return Survival(tuple(found))


def cell_numbers(cells: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return each case's cell as one number."""
    number = np.zeros(len(cells), np.int64)
    for name in columns:
        number = number * RADIX + cells[name].to_numpy(np.int64)
    return number
