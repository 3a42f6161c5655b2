"""Draw one of several values by their shares."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def choose(options: Sequence[tuple], random: Random):
    """Return one option by its share, its last field: `"fax"` of `("fax", 0.2)`, a pair of `("ups", "ground", 0.1)`.

    The shares add up to 1; the last option takes what rounding leaves.
    """
    point = random.random()
    for option in options:
        point -= option[-1]
        if point < 0:
            break
    return option[0] if len(option) == 2 else option[:-1]
