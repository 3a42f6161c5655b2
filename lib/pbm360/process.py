"""Look at orders as a process: who follows whom, which ways are taken, what is rework, and Little's law.

Every function takes the visits of sql/notebooks/visits.sql (one row per order and stage entry) and returns a frame.
"""

from __future__ import annotations

import datetime

import pandas as pd

ARROW = " > "
FEW_ORDERS = 20  # a day


def directly_follows(visits: pd.DataFrame) -> pd.DataFrame:
    """Count the transitions: columns from_stage, to_stage, from_order, to_order, order_count, median_hours,
    p90_hours (of the time in the stage that was left), is_allowed; one row per pair, the most frequent first."""
    before = visits[["order_id", "visit_number", "stage", "stage_order", "wait_hours"]].assign(
        visit_number=visits["visit_number"] + 1
    )
    moves = visits.merge(before, on=["order_id", "visit_number"], suffixes=("", "_before"))
    grouped = moves.groupby(["stage_before", "stage", "stage_order_before", "stage_order"])
    table = grouped.agg(
        order_count=("order_id", "size"),
        median_hours=("wait_hours_before", "median"),
        p90_hours=("wait_hours_before", lambda hours: hours.quantile(0.9)),
        is_allowed=("is_allowed", "all"),
    ).reset_index()
    names = {"stage_before": "from_stage", "stage": "to_stage"}
    names |= {"stage_order_before": "from_order", "stage_order": "to_order"}
    return table.rename(columns=names).sort_values(
        ["order_count", "from_order", "to_order"], ascending=[False, True, True], ignore_index=True
    )


def variants(visits: pd.DataFrame) -> pd.DataFrame:
    """Count the ways that finished orders took: columns variant, order_count, share, cumulative_share."""
    ordered = visits.sort_values(["order_id", "visit_number"])
    finished = ordered.groupby("order_id")["is_terminal"].transform("any")
    ways = ordered[finished].groupby("order_id")["stage"].agg(ARROW.join)
    counts = ways.value_counts().rename_axis("variant").reset_index(name="order_count")
    counts = counts.sort_values(["order_count", "variant"], ascending=[False, True], ignore_index=True)
    counts["share"] = counts["order_count"] / max(counts["order_count"].sum(), 1)
    return counts.assign(cumulative_share=counts["share"].cumsum())


def conformance(visits: pd.DataFrame) -> float:
    """Return the share of transitions that the process allows: allowed / all; 1.0 where there are none."""
    moves = visits[visits["previous_stage"].notna()]
    return float(moves["is_allowed"].mean()) if len(moves) else 1.0


def rework_matrix(visits: pd.DataFrame) -> pd.DataFrame:
    """Count the returns: index the stage left, columns the stage entered again, both in the order of the process."""
    again = visits[(visits["stage_visit_number"] > 1) & visits["previous_stage"].notna()]
    places = visits.drop_duplicates("stage").set_index("stage")["stage_order"].sort_values()
    table = pd.crosstab(again["previous_stage"], again["stage"])
    return table.reindex(
        index=[stage for stage in places.index if stage in table.index],
        columns=[stage for stage in places.index if stage in table.columns],
    )


def littles_law(visits: pd.DataFrame, now: datetime.datetime, window_days: int) -> pd.DataFrame:
    """Hold Little's law against each stage over the last days: columns stage, label, open_count (now),
    throughput_per_hour (departures), mean_hours (of those that left), expected_count, gap.

    `gap = abs(open - throughput * mean time) / open`, DOMAIN's check: near 0 where a stage is in balance, greater
    where it fills or empties. Stages with nobody in them are left out.
    """
    since = pd.Timestamp(now) - pd.Timedelta(days=window_days)
    work = visits[~visits["is_terminal"] & (visits["entered_at"] <= now)]
    open_now = work[work["left_at"].isna() | (work["left_at"] > now)].groupby(["stage", "label", "stage_order"]).size()
    left = work[(work["left_at"] > since) & (work["left_at"] <= now)]
    table = open_now.rename("open_count").reset_index().set_index("stage")
    table["throughput_per_hour"] = left.groupby("stage").size() / (window_days * 24)
    table["mean_hours"] = left.groupby("stage")["wait_hours"].mean()
    table = table.fillna({"throughput_per_hour": 0.0, "mean_hours": 0.0})
    table["expected_count"] = table["throughput_per_hour"] * table["mean_hours"]
    table["gap"] = (table["open_count"] - table["expected_count"]).abs() / table["open_count"]
    return table.sort_values("stage_order").drop(columns="stage_order").reset_index()


def count_flow(visits: pd.DataFrame, now: datetime.datetime, window_days: int = 1) -> pd.DataFrame:
    """Count as sql/notebooks/stage_flow.sql does, from visits (sla_hours among their columns): one row per stage that
    is not terminal and that anybody entered."""
    work = visits[~visits["is_terminal"]]
    day_ago, before = (pd.Timestamp(now) - pd.Timedelta(days=days) for days in (1, window_days))
    marks = work[["stage", "label", "stage_order", "sla_hours"]].assign(
        arrival_count=(work["entered_at"] > day_ago) & (work["entered_at"] <= now),
        completion_count=(work["left_at"] > day_ago) & (work["left_at"] <= now),
        open_count=_is_open(work, now),
        open_count_before=_is_open(work, before),
    )
    return marks.groupby(["stage_order", "stage", "label", "sla_hours"]).sum().astype(int).reset_index()


def _is_open(visits: pd.DataFrame, instant: datetime.datetime) -> pd.Series:
    return (visits["entered_at"] <= instant) & ~(visits["left_at"] <= instant)


def bottlenecks(flow: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Score the stages by `bottleneck_scores`, with the p90 wait of the visits; the worst first.

    `flow` has the rows of sql/notebooks/stage_flow.sql.
    """
    columns = ["label", "sla_hours", "arrival_count", "completion_count", "open_count", "open_count_before"]
    table = flow.set_index("stage")[columns]
    table["p90_wait_hours"] = visits.groupby("stage")["wait_hours"].quantile(0.9)
    table["score"] = bottleneck_scores(table.rename(columns={"open_count_before": "before_count"}))
    return table.drop(columns="sla_hours").sort_values(["score", "open_count"], ascending=False).reset_index()


def bottleneck_scores(stages: pd.DataFrame) -> pd.Series:
    """Score stages: `arrivals / completions * (1 + growth) * (1 + lateness) / 2`; the one definition.

    Columns: arrival_count and completion_count of 24 hours, open_count, before_count (open at the window's begin),
    p90_wait_hours (null where nobody left), sla_hours. Growth is the change of the open count as a share of what is
    open, never below 0. Lateness is the p90 wait as a share of the time allowed, 1 at most, and 1 where nobody left:
    who waits well within the time allowed counts down to a half. FEW_ORDERS are added on both sides of the first
    ratio: it stays near 1 where few orders pass, and is finite where nobody left. Growth and lateness are not damped,
    so a stage of one order may stand first: read the score beside the count. Over 1 more comes in than goes out.
    """
    ratio = (stages["arrival_count"] + FEW_ORDERS) / (stages["completion_count"] + FEW_ORDERS)
    growth = ((stages["open_count"] - stages["before_count"]) / stages["open_count"].clip(lower=1)).clip(lower=0)
    lateness = (stages["p90_wait_hours"] / stages["sla_hours"]).clip(upper=1).fillna(1.0)
    return ratio * (1 + growth) * (1 + lateness) / 2
