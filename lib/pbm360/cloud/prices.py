"""Read the dated list prices of what the workbench uses on Google Cloud, in US dollars, region us-central1 / US."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

FILE = resources.files("pbm360.cloud") / "data" / "prices.csv"
PAGE = "page"  # read in a copy of Google's own page
QUOTED = "quoted"  # read where somebody else has copied it from there; look it up before you rely on it


@dataclass(frozen=True)
class Price:
    """A list price: dollars a unit, how many units of a month are free, when and where it was read, how surely."""

    name: str
    service: str
    item: str
    unit: str
    usd: float
    free_a_month: float
    read_on: str
    checked: str
    source: str

    @property
    def is_verified(self) -> bool:
        """Whether it was read in a copy of Google's own page."""
        return self.checked == PAGE

    def of(self, quantity: float) -> float:
        """Return what a month's quantity costs, the free part left out."""
        return max(quantity - self.free_a_month, 0.0) * self.usd


@cache
def read_prices() -> dict[str, Price]:
    """Return every price by its name, in the order of the table."""
    with FILE.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {
        row["price"]: Price(
            name=row["price"],
            service=row["service"],
            item=row["item"],
            unit=row["unit"],
            usd=float(row["usd"]),
            free_a_month=float(row["free_a_month"]),
            read_on=row["read_on"],
            checked=row["checked"],
            source=row["source"],
        )
        for row in rows
    }
