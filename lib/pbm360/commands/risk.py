"""The commands of the forecast: train it, score the open orders, try it on the past, watch its calibration."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Column, Table

from pbm360.terminal import console, open_warehouse

app = typer.Typer()
risk = typer.Typer(help="Foresee late orders: train, score the open orders, try on the past, watch the calibration.")
app.add_typer(risk, name="risk")
INSTANTS = Annotated[int, typer.Option(min=1, max=64, help="past instants to learn from, 35 hours apart")]
UNTIL = Annotated[str, typer.Option(help="RFC 3339 instant; nothing known later is used (default: now)")]


@risk.command()
def train(until: UNTIL = "", instants: INSTANTS = 16) -> None:
    """Train the forecast on what was known at past instants and what became of those orders."""
    from pbm360 import demo
    from pbm360.risk import store, training

    warehouse = open_warehouse()
    model = training.train(warehouse, demo.instant(until), instants)
    store.save_model(warehouse, model)
    console.print(f"  {model.version}: learnt from {len(model.samples):,} orders at {instants} instants")


@risk.command()
def score() -> None:
    """Score the open orders as of now into pbm_serving.order_risk; a drifted model falls back to the rule."""
    from pbm360 import demo
    from pbm360.risk import service

    found = service.refresh(open_warehouse(), demo.instant(""))
    console.print(
        f"  {found.order_count:,} open orders scored in {found.score_seconds:.2f} s by {found.model_version}"
        f"{' (the model has drifted)' if found.is_drifted else ''}; {found.recorded_count:,} forecasts kept"
    )


@risk.command()
def backtest(
    until: UNTIL = "",
    instants: INSTANTS = 12,
    boosted: Annotated[bool, typer.Option("--boosted", help="try BigQuery ML's gradient boosting, too (gcp)")] = False,
) -> None:
    """Try the forecast on the last weeks: train on what was known before them, compare with what came."""
    from pbm360 import demo
    from pbm360.risk import backtest as trial
    from pbm360.risk.boosted import boosted_brier, require_google_cloud
    from pbm360.risk.model import training_samples

    warehouse = open_warehouse()
    if boosted:
        require_google_cloud(warehouse)
    past = trial.read_past(warehouse, demo.instant(until), instants)
    rows, verdicts = trial.run(past)
    console.print(_verdict_table(verdicts, trial.NAMES))
    console.print(f"  {rows['order_id'].nunique():,} orders, {len(rows):,} forecasts, {rows['came'].mean():.0%} missed")
    if boosted:
        tried = training_samples(past.features, past.ends, past.pharmacies)
        brier = boosted_brier(warehouse, past.model.samples, tried)
        console.print(f"  BigQuery ML's gradient boosting: Brier {brier:.4f}")


def _verdict_table(verdicts: dict, titles: dict[str, str]) -> Table:
    names = (
        "Brier",
        "calibration error",
        "right of the worst 5 %",
        "flagged 24 h ahead",
        "flags right",
        "median hours",
    )
    table = Table("", *(Column(name, justify="right") for name in names))
    for name, verdict in verdicts.items():
        early = verdict.warning
        table.add_row(
            titles[name],
            f"{verdict.brier:.4f}",
            f"{verdict.calibration_error:.3f}",
            f"{verdict.precision_at_top:.0%}",
            f"{early.recall:.0%}",
            f"{early.precision:.0%}",
            f"{early.median_hours:.0f}",
        )
    return table


@risk.command(name="check-leakage")
def check_leakage(at: Annotated[str, typer.Option(help="RFC 3339 instant whose features are held")]) -> None:
    """Hold the features of a past instant against a past that ends there; exit 1 where they knew the future."""
    from pbm360 import demo
    from pbm360.risk.leakage import require_no_leak

    count = require_no_leak(open_warehouse(), demo.instant(at))
    console.print(f"  {count:,} orders' features are the same where nothing later was ever known")


@risk.command()
def calibrate() -> None:
    """Hold the forecasts of the last weeks against what came, into pbm_ops.risk_calibration."""
    from pbm360 import demo
    from pbm360.risk.drift import watch_calibration

    found = watch_calibration(open_warehouse(), demo.instant(""))
    table = Table(
        "week", "model", *(Column(name, justify="right") for name in ("forecasts", "said", "came", "error", ""))
    )
    for row in found.itertuples():
        table.add_row(
            str(row.week_start_date),
            row.model_version,
            f"{row.forecast_count:,}",
            f"{row.mean_chance:.1%}",
            f"{row.observed_share:.1%}",
            f"{row.calibration_error:.3f}",
            "drifted" if row.is_drifted else "",
        )
    console.print(table if len(found) else "  no week has enough forecasts whose due time has passed")
