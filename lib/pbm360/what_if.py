"""Ask of a replayed past what another table of SLAs, or the absence of a carrier, would have said."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from pbm360.domain import rules
from pbm360.warehouse import Warehouse


class WhatIfError(ValueError):
    """A question can't be asked; the text says what was expected."""


def read_what_if(
    warehouse: Warehouse, as_of: datetime.datetime, slas: Mapping[str, float], without_carriers: Sequence[str]
) -> tuple[list[dict], list[dict]]:
    """Return (orders, stages): two rows, as it was and what if; and one row per stage with both counts of breaches.

    The past is the time machine's at `as_of` (UTC). `slas` maps stages to other SLAs in hours; of the second picture
    the orders that `without_carriers` carried are left out. Columns: sql/what_if. Raises `WhatIfError`.
    """
    _check(slas)
    carriers = ("STRING", [carrier.lower() for carrier in without_carriers])
    orders = warehouse.run("what_if/orders.sql", {"as_of": as_of, "without_carriers": carriers})
    changed = {
        "changed_stages": ("STRING", list(slas)),
        "changed_hours": ("FLOAT64", [float(hours) for hours in slas.values()]),
    }
    stages = warehouse.run("what_if/stages.sql", {"as_of": as_of, "without_carriers": carriers, **changed})
    return orders.to_pylist(), stages.to_pylist()


def parse_slas(texts: Sequence[str]) -> dict[str, float]:
    """Read `STAGE=HOURS` texts; raises `WhatIfError` where one is written otherwise."""
    found = {}
    for text in texts:
        stage, _, hours = text.partition("=")
        try:
            found[stage.strip().upper()] = float(hours)
        except ValueError:
            raise WhatIfError(f"an SLA is written STAGE=HOURS, e.g. PA_PENDING=72; got {text!r}") from None
    return found


def _check(slas: Mapping[str, float]) -> None:
    for stage, hours in slas.items():
        if stage not in rules.stages():
            raise WhatIfError(f"stage must be one of {', '.join(rules.stages())}; got {stage!r}")
        if not hours >= 0:
            raise WhatIfError(f"an SLA must be 0 hours or more; got {hours} for {stage}")
