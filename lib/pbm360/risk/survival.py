"""Estimate how long something still lasts, by cells of like cases, each drawn toward its parent cell.

The chance that it lasts longer than `h` hours is counted in every level's cell, from the coarse to the fine:
`p(level) = (longer + pull * p(level before)) / (cases + pull)`, so that a cell with few cases says what its parent
says (empirical Bayes with a prior of `pull` cases). Where no level knows the cell, the whole sample answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

    def counts(self, numbers: np.ndarray, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for each case how many the cell holds, and how many of them lasted longer."""
        place = np.minimum(np.searchsorted(self.cells, numbers), len(self.cells) - 1)
        is_known = self.cells[place] == numbers
        first = np.searchsorted(self.hours, place * BLOCK)
        end = np.searchsorted(self.hours, (place + 1) * BLOCK)
        after = np.searchsorted(self.hours, place * BLOCK + np.clip(hours, 0, NEVER), side="right")
        return np.where(is_known, end - first, 0), np.where(is_known, end - np.maximum(after, first), 0)


@dataclass(frozen=True)
class Survival:
    """The levels, coarse to fine. The first one has no columns: the whole sample."""

    levels: tuple[Level, ...]

    def beyond(self, cells: pd.DataFrame, hours: np.ndarray) -> np.ndarray:
        """Return the chance that each case lasts longer than so many hours."""
        return self.beyond_by_level(cells, hours)[-1]

    def beyond_by_level(self, cells: pd.DataFrame, hours: np.ndarray) -> np.ndarray:
        """Return the same as each level says, an array (levels, cases): what a level adds is what its columns say."""
        found, chance = [], np.full(len(cells), 0.5)
        for level in self.levels:
            count, longer = level.counts(cell_numbers(cells, level.columns), hours)
            chance = (longer + PULL * chance) / (count + PULL)
            found.append(chance)
        return np.array(found)

    def quantile(self, cells: pd.DataFrame, share: float) -> np.ndarray:
        """Return the hours that a share of like cases does not exceed; NaN beyond `LONGEST`."""
        columns = list(dict.fromkeys(name for level in self.levels for name in level.columns))
        alike = cells.groupby(columns, sort=False).ngroup().to_numpy()
        kinds = cells.iloc[np.unique(alike, return_index=True)[1]]
        low, high = np.zeros(len(kinds)), np.full(len(kinds), LONGEST)
        for _ in range(STEPS):
            middle = (low + high) / 2
            is_longer = self.beyond(kinds, middle) > 1 - share
            low, high = np.where(is_longer, middle, low), np.where(is_longer, high, middle)
        return np.where(high >= LONGEST, np.nan, high)[alike]


def fit(cells: pd.DataFrame, hours: np.ndarray, levels: Sequence[tuple[str, ...]]) -> Survival:
    """Sort the cases into the cells of every level. `cells` holds codes below 256; `hours` are not negative."""
    if not len(cells):
        raise ValueError("no case to learn from: the table has no order whose end is known")
    values = np.clip(hours, 0, NEVER)
    found = []
    for columns in ((), *levels):
        numbers, place = np.unique(cell_numbers(cells, columns), return_inverse=True)
        found.append(Level(tuple(columns), numbers, np.sort(place * BLOCK + values)))
    return Survival(tuple(found))


def cell_numbers(cells: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return each case's cell as one number."""
    number = np.zeros(len(cells), np.int64)
    for name in columns:
        number = number * RADIX + cells[name].to_numpy(np.int64)
    return number
