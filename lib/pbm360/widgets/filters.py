"""The filters of the page: what the viewer chooses is checked here and applied to the orders in the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anywidget
import pandas as pd
import traitlets

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
)


class FilterBar(anywidget.AnyWidget):
    """Drop-downs over the values that occur. `chosen` maps a filter's key to a value that is offered, or is empty."""

    _esm = Path(__file__).with_name("filters.js")
    filters = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Dict(key_trait=traitlets.Unicode(), value_trait=traitlets.Unicode()).tag(sync=True)

    @traitlets.validate("chosen")
    def _only_what_is_offered(self, proposal) -> dict[str, str]:
        """Drop whatever a page sends that no drop-down offers: messages from a browser are not to be trusted."""
        offered = {entry["key"]: {value for value, _ in entry["options"]} for entry in self.filters}
        return {key: value for key, value in proposal["value"].items() if value in offered.get(key, ())}

    def offer(self, orders: pd.DataFrame) -> None:
        """Offer the values that occur in the orders; a choice that is chosen stays as long as it occurs."""
        self.filters = [
            {
                "key": entry.key,
                "label": entry.label,
                "all_label": entry.all_label,
                "options": _options(orders, entry),
            }
            for entry in ORDER_FILTERS
        ]
        self.chosen = dict(self.chosen)

    def apply(self, orders: pd.DataFrame) -> pd.DataFrame:
        """Return the orders that match every choice."""
        for entry in ORDER_FILTERS:
            if entry.key in self.chosen:
                orders = orders[orders[entry.column] == self.chosen[entry.key]]
        return orders


def _options(orders: pd.DataFrame, entry: Filter) -> list[list[str]]:
    pairs = pd.DataFrame({"value": orders[entry.column], "label": orders[entry.label_column]})
    pairs = pairs.dropna().drop_duplicates("value")
    options = [[row.value, _label(entry, row.label)] for row in pairs.itertuples()]
    return sorted(options, key=lambda option: option[1])


def _label(entry: Filter, label: str) -> str:
    if entry.key == "carrier":
        return carrier_name(label)
    return label if entry.key in ("pharmacy", "drug") else label.replace("_", " ").capitalize()
