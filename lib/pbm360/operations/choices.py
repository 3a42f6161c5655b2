"""The filters of the Command Center: what each compares, what it offers, and the orders that match the choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pbm360.figures.style import carrier_name


@dataclass(frozen=True)
class Filter:
    """One drop-down: the column of the orders that it compares, and the column that names the choices."""

    key: str
    label: str
    all_label: str
    column: str
    label_column: str


ORDER_FILTERS = (
    Filter("pharmacy", "Pharmacy", "All pharmacies", "pharmacy_id", "pharmacy"),
    Filter("carrier", "Carrier", "All carriers", "carrier", "carrier"),
    Filter("therapy", "Therapy", "All therapies", "therapy", "therapy"),
    Filter("drug", "Drug", "All drugs", "drug", "drug"),
    Filter("priority", "Priority", "All priorities", "priority", "priority"),
    Filter("stage", "Stage", "All stages", "open_stage", "stage_label"),
    Filter("exception", "Exception", "Any", "exception", "exception_label"),
)
AS_WRITTEN = ("pharmacy", "drug", "stage", "exception")


def offers(orders: pd.DataFrame) -> list[dict]:
    """Return each filter with the values that occur in the orders: key, label, all_label, options (value, label)."""
    return [
        {
            "key": entry.key,
            "label": entry.label,
            "all_label": entry.all_label,
            "options": _options(orders, entry),
        }
        for entry in ORDER_FILTERS
    ]


def matching(orders: pd.DataFrame, chosen: Mapping[str, str], *, but: str = "") -> pd.DataFrame:
    """Return the orders that match every choice, but for the filter `but`; frames may lack a filter's column."""
    for entry in ORDER_FILTERS:
        if entry.key in chosen and entry.key != but and entry.column in orders:
            orders = orders[orders[entry.column] == chosen[entry.key]]
    return orders


def _options(orders: pd.DataFrame, entry: Filter) -> list[list[str]]:
    is_first = ~orders[entry.column].duplicated()
    pairs = zip(orders[entry.column][is_first], orders[entry.label_column][is_first], strict=True)
    options = [[value, _label(entry, label)] for value, label in pairs if pd.notna(value) and pd.notna(label)]
    return sorted(options, key=lambda option: option[1])


def _label(entry: Filter, label: str) -> str:
    if entry.key == "carrier":
        return carrier_name(label)
    return label if entry.key in AS_WRITTEN else label.replace("_", " ").capitalize()
