"""Put the forecast's question to BigQuery ML: a gradient boosting, learnt and tried on the same past. On gcp alone."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from pbm360.settings import SettingsError
from pbm360.warehouse import Warehouse


def require_google_cloud(warehouse: Warehouse) -> None:
    """Raise `SettingsError` where there is no BigQuery ML."""
    if warehouse.settings.target != "gcp":
        raise SettingsError(
            "BigQuery ML is Google Cloud's: PBM360_TARGET must be gcp; got local. On a laptop scikit-learn's gradient "
            "boosting is compared by `python -m tests.benchmarks.risk`"
        )


def boosted_brier(warehouse: Warehouse, learnt: pd.DataFrame, tried: pd.DataFrame) -> float:
    """Return the Brier score of a gradient boosting that learnt from some samples and was tried on others.

    Samples are those of the forecast (pbm360.risk.model.SAMPLE_COLUMNS). Raises `SettingsError` on a laptop.
    """
    require_google_cloud(warehouse)
    keep_trial(warehouse, learnt, tried)
    warehouse.run("risk/boosted_tree.sql")
    return float(warehouse.run("risk/boosted_tree_brier.sql").to_pylist()[0]["brier"])


def keep_trial(warehouse: Warehouse, learnt: pd.DataFrame, tried: pd.DataFrame) -> int:
    """Replace pbm_ops.risk_trials by the undecided ones of these samples; returns how many rows."""
    rows = pd.concat([learnt.assign(part="learnt"), tried.assign(part="tried")], ignore_index=True)
    rows = rows[rows["is_missed"].notna()]
    schema = warehouse.arrow_schema("ops.risk_trials")
    arrays = [pa.Array.from_pandas(rows[field.name], type=field.type, safe=False) for field in schema]
    warehouse.load_arrow("ops.risk_trials", pa.table(arrays, schema=schema), replace=True)
    return len(rows)
