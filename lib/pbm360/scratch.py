"""Datasets beside the workbench's own, for a study or a replay: named by a suffix of the prefix, and dropped again."""

from __future__ import annotations

from dataclasses import replace

from pbm360.settings import Settings
from pbm360.warehouse import LAYERS, Warehouse

STUDY, REPLAY = "_study", "_replay"


def scratch_warehouse(settings: Settings, suffix: str) -> Warehouse:
    """Return the warehouse whose datasets are named `<prefix><suffix>_...`; nothing is made yet."""
    return Warehouse(replace(settings, dataset_prefix=f"{settings.dataset_prefix}{suffix}"))


def forget_scratch(scratch: Warehouse) -> None:
    """Drop such datasets with all that they hold. Raises `ValueError` for any others, and then drops none."""
    datasets = [scratch.settings.dataset(layer) for layer in LAYERS]
    for dataset in datasets:
        if STUDY not in dataset and REPLAY not in dataset:
            raise ValueError(f"only datasets of a study or a replay are dropped; got {dataset!r}")
    for dataset in datasets:
        scratch.client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)
