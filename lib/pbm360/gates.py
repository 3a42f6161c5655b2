"""Open or shut the gate between two layers of a build, by what the checks have left in `pbm_ops.quality_results`."""

from __future__ import annotations

import datetime

from pbm360 import medallion
from pbm360.checks import CheckFailed
from pbm360.warehouse import Warehouse

GATES = {"silver": medallion.SILVER_GATE, "gold": (*medallion.DIMENSIONS, *medallion.FACTS)}


def pass_gate(warehouse: Warehouse, run_date: datetime.date, layer: str) -> int:
    """Return how many files of checks the last run of a day has passed at a layer's gate (`silver` or `gold`).

    Raises `CheckFailed` where a check of severity fail found rows, and where a file of the gate has no result: a
    check that did not run has not passed.
    """
    if layer not in GATES:
        raise ValueError(f"a gate stands after {' and '.join(GATES)}; got {layer!r}")
    run = medallion.current_run(warehouse, run_date)
    shut = warehouse.run("build/gate.sql", {**run.key, "check_files": list(GATES[layer])}).to_pylist()
    if shut:
        named = "; ".join(
            f"{row['check_file']}: {row['check_name']!r} fails for {row['failing_row_count']} rows, "
            f"e.g. {row['example']}"
            if row["failing_row_count"]
            else f"{row['check_file']} has no result"
            for row in shut
        )
        raise CheckFailed(f"{named}. The gate after {layer} of run {run.run_id} stays shut.")
    return len(GATES[layer])
