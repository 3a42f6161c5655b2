"""Try the forecast on worlds that it never saw: other seeds, scenarios, a real log; and how fast it learns and scores.

The oracle is what knows the true rates: the same estimate, and a gradient boosting beside it, learnt from orders of
another seed of the very same world in their true state (every event known when it happens, none missing), and averaged.
It knows what the simulator could know at the instant, not what it will draw. So its own scores are a little worse than
those of the unknown exact one, and the gap that is closed a little smaller than is said here.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from pbm360.alerts.book import QuietHours, advance
from pbm360.alerts.rules import order_signals, standing
from pbm360.risk import backtest, calibration, training
from pbm360.risk.cells import cells_of, with_hours
from pbm360.risk.clocks import microseconds
from pbm360.risk.model import RiskModel, learn, training_samples
from pbm360.risk.scoring import score
from pbm360.risk.worlds import load_world, true_ends
from pbm360.simulate import SimulationParameters, simulate
from pbm360.simulate.scenarios import scenario_kinds
from pbm360.warehouse import Warehouse
from tests.benchmarks.fresh import fresh_warehouse

LEARNT_UNTIL = datetime.datetime(2026, 9, 20, 15, tzinfo=datetime.UTC)
END = datetime.datetime(2026, 11, 20, 15, tzinfo=datetime.UTC)
LEARN_SEED, TEST_SEED, ORACLE_SEED, SCENARIO_SEED = 11, 12, 13, 14
LEARN_ORDERS, TEST_ORDERS, ORACLE_ORDERS, SCENARIO_ORDERS = 14_000, 14_000, 16_000, 3_000
DAYS = 50
STEP = datetime.timedelta(hours=17)
TEST_INSTANTS, SCENARIO_INSTANTS, SCENARIO_DAY = 20, 9, 44  # the scenario begins on this day of the world
COMPARED_ROWS = 40_000  # that the gradient boosting learns from
RUNOUT_EVERY = 3  # of the instants, since each reads the supplies, too
LARGE_ORDERS, SCORED_ORDERS = 250_000, 50_000
TABULAR = ["age_hours", "slack_hours", "local_hour", "local_weekday", "ahead_count", "shipped_week_count"]


@dataclass(frozen=True)
class Trial:
    """One world's features at its instants, and what truly became of its orders."""

    features: pd.DataFrame
    ends: pd.DataFrame


def measure() -> Iterator[tuple[str, str]]:
    """Yield (what, figure) rows, measured on a fresh stack."""
    with fresh_warehouse() as warehouse:
        learnt = read_trial(warehouse, world(LEARN_SEED, LEARN_ORDERS, until=LEARNT_UNTIL), past_instants())
        pharmacies = training.read_pharmacies(warehouse)
        model = learn(training_samples(learnt.features, learnt.ends, pharmacies), LEARNT_UNTIL)
        unseen = world(TEST_SEED, TEST_ORDERS)
        test = read_trial(warehouse, unseen, tried_instants())
        true = read_trial(warehouse, unseen, tried_instants(), as_happened=True)
        oracle = read_trial(warehouse, world(ORACLE_SEED, ORACLE_ORDERS), tried_instants(), as_happened=True)
        yield from unseen_seed(model, learnt, test, true, oracle, pharmacies)
        yield from runouts(warehouse, model, unseen, pharmacies)
        yield from alerts(model, test, pharmacies)
        yield from scenarios(warehouse, model, pharmacies)
    yield from speed(model, test, pharmacies)


def world(seed: int, orders: int, until: datetime.datetime = END, scenarios: tuple[str, ...] = ()):
    """Return a simulated world of fifty days."""
    return simulate(SimulationParameters(orders=orders, days=DAYS, end=until, seed=seed, scenarios=scenarios))


def past_instants() -> list[datetime.datetime]:
    """Return the instants that are learnt from."""
    last = LEARNT_UNTIL - datetime.timedelta(days=2)
    return [last - datetime.timedelta(hours=37) * number for number in range(training.INSTANT_COUNT)]


def tried_instants(count: int = TEST_INSTANTS) -> list[datetime.datetime]:
    """Return the instants that are tried, the earliest first."""
    return [END - datetime.timedelta(days=1) - STEP * number for number in reversed(range(count))]


def read_trial(warehouse: Warehouse, simulation, instants: list[datetime.datetime], *, as_happened=False) -> Trial:
    """Lay a world into the warehouse and read what was known at the instants."""
    load_world(warehouse, simulation, as_happened=as_happened)
    return Trial(training.read_features(warehouse, instants), true_ends(simulation))


def unseen_seed(model: RiskModel, learnt: Trial, test: Trial, true: Trial, oracle: Trial, pharmacies) -> Iterator:
    """Yield the figures of an unseen seed: forecast, rules, gradient boosting and oracle."""
    rows = backtest.judged_rows(model, test.features, test.ends, pharmacies)
    came = rows["came"].to_numpy()
    boosted = boosting(learnt, pharmacies).predict_proba(table_of(test, pharmacies)[0])[:, 1]
    oracle_model = learn(training_samples(oracle.features, oracle.ends, pharmacies), END)
    oracle_rows = backtest.judged_rows(oracle_model, true.features, true.ends, pharmacies)
    second = boosting(oracle, pharmacies).predict_proba(table_of(true, pharmacies)[0])[:, 1]
    oracle_rows["forecast"] = (oracle_rows["forecast"] + second) / 2
    rule = backtest.better_rule(rows)
    briers = {name: calibration.brier(rows[name].to_numpy(), came) for name in ("forecast", "age", "average")}
    best = calibration.brier(oracle_rows["forecast"].to_numpy(), oracle_rows["came"].to_numpy())
    closed = (briers[rule] - briers["forecast"]) / (briers[rule] - best)
    gain = calibration.better_by(rows, rows["forecast"].to_numpy(), rows[rule].to_numpy())
    yield f"unseen seed: {rows['order_id'].nunique():,} orders, forecasts of a missed SLA", f"{len(rows):,}"
    yield "Brier score: age over SLA / stage average", f"{briers['age']:.4f} / {briers['average']:.4f}"
    yield "Brier score: forecast / oracle", f"{briers['forecast']:.4f} / {best:.4f}"
    yield "gap between the better rule and the oracle that the forecast closes", f"{closed:.0%}"
    yield "Brier score below the better rule's, 95 % of a bootstrap over orders", f"{gain[1]:.4f} to {gain[2]:.4f}"
    own, theirs = briers["forecast"], calibration.brier(boosted, came)
    yield (
        "Brier score of gradient boosting on the same past",
        f"{theirs:.4f} ({own / theirs - 1:+.1%} is the forecast's)",
    )
    error = calibration.calibration_error(rows["forecast"].to_numpy(), came)
    theirs = calibration.calibration_error(oracle_rows["forecast"].to_numpy(), oracle_rows["came"].to_numpy())
    yield "expected calibration error (ten classes): forecast / oracle", f"{error:.3f} / {theirs:.3f}"
    yield from early(rows, backtest.FLAG_AT, oracle_rows, test.ends)
    promises = backtest.promise_rows(model, test.features, test.ends, pharmacies)
    came, said = promises["came"].to_numpy(), promises["forecast"].to_numpy()
    error = calibration.calibration_error(said, came)
    usual = calibration.brier(np.full(len(came), came.mean()), came)
    yield (
        "missed promise: Brier score / of the mean alone / calibration error",
        (f"{calibration.brier(said, came):.4f} / {usual:.4f} / {error:.3f}"),
    )


def runouts(warehouse: Warehouse, model: RiskModel, simulation, pharmacies: pd.DataFrame) -> Iterator:
    """Yield how well the chance that a patient runs out of drug came true."""
    load_world(warehouse, simulation)
    instants = tried_instants()[::RUNOUT_EVERY]
    tables = [warehouse.run("risk/features_as_of.sql", {"as_of": instant}).to_pandas() for instant in instants]
    rows = backtest.runout_rows(model, pd.concat(tables, ignore_index=True), true_ends(simulation), pharmacies)
    came, said = rows["came"].to_numpy(), rows["forecast"].to_numpy()
    usual = calibration.brier(np.full(len(came), came.mean()), came)
    error = calibration.calibration_error(said, came)
    yield (
        f"drug ends before the order comes, {len(rows):,} forecasts: Brier score / of the mean / calibration error",
        f"{calibration.brier(said, came):.4f} / {usual:.4f} / {error:.3f}",
    )


def early(rows: pd.DataFrame, threshold: float, oracle_rows: pd.DataFrame, ends: pd.DataFrame) -> Iterator:
    """Yield what flags are worth: how many in time, how many right, how many hours."""
    flags = {
        f"forecast, {threshold:.0%} or more": (rows, (rows["forecast"] >= threshold).to_numpy()),
        f"oracle, {threshold:.0%} or more": (oracle_rows, (oracle_rows["forecast"] >= threshold).to_numpy()),
        "age over SLA": (rows, rows["age_flag"].to_numpy(bool)),
        "stage average": (rows, rows["average_flag"].to_numpy(bool)),
    }
    for name, (judged, flagged) in flags.items():
        found = calibration.warning(judged, flagged, backtest.AHEAD_HOURS)
        yield (
            f"flagged 24 h ahead of those that missed / right of those flagged: {name}",
            (f"{found.recall:.0%} / {found.precision:.0%}, {found.median_hours:.0f} h ahead (median)"),
        )
    for name in ("forecast", "age", "average"):
        share = calibration.precision_at(rows[name].to_numpy(), rows["came"].to_numpy(), backtest.TOP_SHARE)
        yield f"right of the 5 % most endangered: {backtest.NAMES[name]}", f"{share:.0%}"
    yield from before_calls(rows, threshold, ends)


def before_calls(rows: pd.DataFrame, threshold: float, ends: pd.DataFrame) -> Iterator:
    """Yield how long before the patient's call an order that missed its SLA was flagged first."""
    late = rows[(rows["came"] == 1)]
    called = pd.to_datetime(ends.set_index("order_id")["called_at"], utc=True)
    first = late[late["forecast"] >= threshold].groupby("order_id")["as_of"].min()
    calls = called.reindex(late["order_id"].unique()).dropna()
    calls = calls[calls > rows["as_of"].min()]
    hours = (calls - first.reindex(calls.index)) / pd.Timedelta(hours=1)
    yield (
        f"flagged before the patient's call, of {len(calls)} calls about orders that missed",
        (f"{(hours > 0).mean():.0%}, {hours[hours > 0].median():.0f} h before (median)"),
    )


def table_of(trial: Trial, pharmacies: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what a gradient boosting learns from: columns of numbers, and what came."""
    rows = with_hours(trial.features, pharmacies)
    is_undecided = ~rows["is_past_dock"] & (rows["due_us"] > rows["as_of_us"])
    rows = rows[is_undecided & rows["order_id"].isin(trial.ends["order_id"])].reset_index(drop=True)
    cells = cells_of(rows)[["stage", "kind", "path", "urgent"]]
    left = microseconds(trial.ends.set_index("order_id")["left_at"].reindex(rows["order_id"]))
    columns = cells.assign(
        **{name: rows[name].to_numpy(float) for name in TABULAR},
        clock_hours=(rows["due_us"] - rows["as_of_us"]).to_numpy() / 3.6e9,
        pharmacy=rows["pharmacy_id"].astype("category").cat.codes.to_numpy(),
    )
    return columns, (~(left <= rows["due_us"].to_numpy())).astype(int)


def boosting(trial: Trial, pharmacies: pd.DataFrame) -> HistGradientBoostingClassifier:
    """Fit a gradient boosting to a world's past."""
    columns, came = table_of(trial, pharmacies)
    chosen = np.random.default_rng(1).permutation(len(columns))[:COMPARED_ROWS]
    model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.08, min_samples_leaf=40, l2_regularization=2.0)
    return model.fit(columns.iloc[chosen], came[chosen])


def alerts(model: RiskModel, test: Trial, pharmacies: pd.DataFrame) -> Iterator:
    """Yield how many alerts of orders at risk were opened, and how many were right, by watching at each instant."""
    came = backtest.judged_rows(model, test.features, test.ends, pharmacies).groupby("order_id")["came"].max()
    book: dict = {}
    seen: set[str] = set()
    for instant, part in test.features.groupby("as_of"):
        seen |= set(part["order_id"])
        scores = score(model, part.assign(runout_at=pd.NaT), pharmacies)
        now = instant.to_pydatetime()
        for alert in advance(list(book.values()), standing(order_signals(scores, now)), now, QuietHours(0, 0)):
            book[alert.alert_id] = alert
    opened = pd.Series([alert.subject for alert in book.values()])
    right, again = came.reindex(opened).fillna(0).mean(), 1 - opened.nunique() / len(opened)
    what = f"alerts of orders at risk per 1,000 orders, a look each {STEP.seconds // 3600} h"
    yield what, f"{1000 * len(opened) / len(seen):.0f}; {right:.0%} right; {again:.1%} told again"


def scenarios(warehouse: Warehouse, model: RiskModel, pharmacies: pd.DataFrame) -> Iterator:
    """Yield, for each scenario that the forecast never saw, by how much it beats the better rule."""
    for name in scenario_kinds():
        simulation = world(SCENARIO_SEED, SCENARIO_ORDERS, scenarios=(f"{name}@{SCENARIO_DAY}",))
        trial = read_trial(warehouse, simulation, tried_instants(SCENARIO_INSTANTS))
        rows = backtest.judged_rows(model, trial.features, trial.ends, pharmacies)
        rule = backtest.better_rule(rows)
        gain, low, high = calibration.better_by(rows, rows["forecast"].to_numpy(), rows[rule].to_numpy())
        error = calibration.calibration_error(rows["forecast"].to_numpy(), rows["came"].to_numpy())
        yield (
            f"scenario {name}: Brier score below the better rule's (95 %), calibration error",
            (f"{gain:.4f} ({low:.4f} to {high:.4f}), {error:.3f}"),
        )


def speed(model: RiskModel, test: Trial, pharmacies: pd.DataFrame) -> Iterator:
    """Yield how long it takes to learn from 250,000 orders and to score 50,000."""
    copies = SCORED_ORDERS // len(test.features) + 1
    features = pd.concat([test.features.assign(runout_at=test.features["as_of"])] * copies).head(SCORED_ORDERS)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        score(model, features, pharmacies)
        times.append(time.perf_counter() - started)
    yield f"{SCORED_ORDERS:,} open orders scored, with reasons (median of 5)", f"{np.median(times):.2f} s"
    with fresh_warehouse() as warehouse:
        simulation = world(LEARN_SEED, LARGE_ORDERS // 20)
        load_copies(warehouse, simulation, 20)
        started = time.perf_counter()
        learnt = training.train(warehouse, END, 6)
        seconds = time.perf_counter() - started
    yield (
        f"training on {LARGE_ORDERS:,} orders, {len(learnt.samples):,} samples, events to forecast",
        f"{seconds:.0f} s",
    )


def load_copies(warehouse: Warehouse, simulation, copies: int) -> None:
    """Lay a world into silver several times, each copy under order ids of its own."""
    load_world(warehouse, simulation)
    events = warehouse.read_table("silver.stg_order_events").to_pandas(types_mapper=pd.ArrowDtype)
    for number in range(1, copies):
        renamed = {name: events[name] + f"-{number}" for name in ("order_id", "event_id", "message_id", "patient_key")}
        copy = events.assign(**renamed)
        schema = warehouse.arrow_schema("silver.stg_order_events")
        table = [copy[field.name].array.__arrow_array__().cast(field.type) for field in schema]
        warehouse.load_arrow("silver.stg_order_events", arrow_table(table, schema))


def arrow_table(arrays: list, schema):
    """Return arrays as a table of a schema."""
    import pyarrow as pa

    return pa.table(arrays, schema=schema)


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<100} {figure}", flush=True)
