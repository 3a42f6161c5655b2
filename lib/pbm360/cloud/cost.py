"""Estimate a month on Google Cloud: list prices times modelled quantities, by service, and what dominates."""

from __future__ import annotations

from dataclasses import dataclass

from pbm360.cloud.prices import Price, read_prices
from pbm360.cloud.quantities import Quantity, Workload, quantities, query_tebibytes, slot_hours

ADVICE = {
    "BigQuery": "read less often for the dashboards (--snapshot-seconds), keep less history in silver, or buy slots",
    "Cloud Run": "a smaller kernel_budget in deploy/terraform, or the Streamlit page for those who only look",
    "Cloud SQL": "a smaller database_tier, one zone (is_database_regional = false)",
    "Composer 3": "the smallest environment stands already; `pbm360 build` by Cloud Scheduler would do without",
    "Dataflow": "one worker is the least; drain the stream at night (the DAG speed_layer)",
    "Pub/Sub": "keep messages for fewer days (message_days)",
}


@dataclass(frozen=True)
class Line:
    """What one item costs in a month, in US dollars."""

    price: Price
    amount: float
    basis: str
    usd: float


@dataclass(frozen=True)
class Estimate:
    """A month's lines, and how queries are paid: `on demand` or `by slots`, with what the other way would cost."""

    workload: Workload
    lines: list[Line]
    queries_by: str
    other_queries_usd: float

    @property
    def usd(self) -> float:
        """The month in all."""
        return sum(line.usd for line in self.lines)

    def by_service(self) -> dict[str, float]:
        """Return each service's dollars, the dearest first."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.price.service] = sums.get(line.price.service, 0.0) + line.usd
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    @property
    def dearest(self) -> Line:
        """The dearest line."""
        return max(self.lines, key=lambda line: line.usd)

    def dominated_by(self) -> str:
        """Say which service and which item dominate, and what makes them less."""
        service, usd = next(iter(self.by_service().items()))
        line = self.dearest
        share, part = usd / self.usd, line.usd / self.usd
        return (
            f"{service} dominates: {share:.0%} of it. The dearest item is {line.price.service}, {line.price.item}: "
            f"${line.usd:,.0f} ({part:.0%}; {line.basis}). Less of {service}: {ADVICE.get(service, 'see its page')}."
        )


def estimate(workload: Workload) -> Estimate:
    """Estimate a month. Queries are paid on demand or by slots, whichever is less.

    Raises `ValueError` where the workload is none: events below 0, viewers below 0, no seconds between reads.
    """
    if workload.events_per_day < 0 or workload.viewers < 0 or workload.history_days < 1:
        raise ValueError("events per day and viewers must be 0 or more, days of history 1 or more")
    if workload.snapshot_seconds <= 0:
        raise ValueError(f"seconds between two reads must be above 0; got {workload.snapshot_seconds:g}")
    prices = read_prices()
    on_demand, slots = _line(prices, _on_demand(workload)), _line(prices, _slots())
    chosen, other = sorted((on_demand, slots), key=lambda line: line.usd)
    lines = [*(_line(prices, quantity) for quantity in quantities(workload)), chosen]
    return Estimate(workload, lines, "on demand" if chosen is on_demand else "by slots", other.usd)


def _line(prices: dict[str, Price], quantity: Quantity) -> Line:
    price = prices[quantity.price]
    return Line(price, quantity.amount, quantity.basis, price.of(quantity.amount))


def _on_demand(workload: Workload) -> Quantity:
    basis = f"a read for the dashboards every {workload.snapshot_seconds:g} s, a build a day"
    return Quantity("bigquery_on_demand", query_tebibytes(workload), basis)


def _slots() -> Quantity:
    return Quantity("bigquery_slot", slot_hours(), "a reservation of 100 slots, a guess that the first bill corrects")
