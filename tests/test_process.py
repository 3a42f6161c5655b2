"""The process view, on orders written by hand."""

import datetime

import pandas as pd
import pytest

from pbm360 import process

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
ORDERS = {"RECEIVED": 10, "INFO_HOLD": 15, "INTAKE": 20, "DELIVERED": 200}


def visits_of(**lives) -> pd.DataFrame:
    """Return visits: each life is a list of (stage, hours before now at which it was entered)."""
    rows = []
    for order_id, life in lives.items():
        seen = {}
        for number, (stage, hours) in enumerate(life, start=1):
            seen[stage] = seen.get(stage, 0) + 1
            left = life[number][1] if number < len(life) else None
            rows.append(
                {
                    "order_id": order_id,
                    "visit_number": number,
                    "stage": stage,
                    "label": stage.title(),
                    "stage_order": ORDERS[stage],
                    "is_terminal": stage == "DELIVERED",
                    "previous_stage": life[number - 2][0] if number > 1 else None,
                    "entered_at": pd.Timestamp(NOW) - pd.Timedelta(hours=hours),
                    "left_at": pd.NaT if left is None else pd.Timestamp(NOW) - pd.Timedelta(hours=left),
                    "wait_hours": None if left is None else float(hours - left),
                    "stage_visit_number": seen[stage],
                    "is_allowed": (life[number - 2][0] if number > 1 else "", stage) != ("RECEIVED", "DELIVERED"),
                }
            )
    visits = pd.DataFrame(rows).astype({"wait_hours": float})
    return visits.assign(left_at=pd.to_datetime(visits["left_at"], utc=True))


VISITS = visits_of(
    a=[("RECEIVED", 20), ("INTAKE", 18), ("DELIVERED", 2)],
    b=[("RECEIVED", 20), ("INTAKE", 14), ("DELIVERED", 2)],
    c=[("RECEIVED", 30), ("INTAKE", 29), ("INFO_HOLD", 27), ("INTAKE", 10)],
    d=[("RECEIVED", 9), ("DELIVERED", 1)],
)


def test_directly_follows_counts_each_step_with_the_time_in_the_stage_that_was_left():
    table = process.directly_follows(VISITS).set_index(["from_stage", "to_stage"])
    first = table.loc[("RECEIVED", "INTAKE")]
    assert (first["order_count"], first["median_hours"]) == (3, 2.0)
    assert first["p90_hours"] == pytest.approx(5.2)
    assert table.loc[("RECEIVED", "DELIVERED"), "is_allowed"] == False  # noqa: E712 a numpy bool
    assert table["order_count"].sum() == 8


def test_variants_are_the_ways_of_finished_orders_with_their_cumulative_share():
    table = process.variants(VISITS)
    assert list(table["variant"]) == ["RECEIVED > INTAKE > DELIVERED", "RECEIVED > DELIVERED"]
    assert list(table["order_count"]) == [2, 1]
    assert list(table["cumulative_share"].round(3)) == [0.667, 1.0]


def test_conformance_is_the_share_of_allowed_steps_and_1_where_there_are_none():
    assert process.conformance(VISITS) == 7 / 8
    assert process.conformance(VISITS[VISITS["visit_number"] == 1]) == 1.0


def test_the_rework_matrix_counts_the_step_that_led_back():
    matrix = process.rework_matrix(VISITS)
    assert matrix.to_dict() == {"INTAKE": {"INFO_HOLD": 1}}


def test_littles_law_is_exact_for_a_stage_in_balance():
    steady = {f"o{n}": [("RECEIVED", n), ("DELIVERED", n - 2)] for n in range(2, 60)}
    steady |= {f"open{n}": [("RECEIVED", n)] for n in (0, 1)}
    row = process.littles_law(visits_of(**steady), NOW, window_days=1).iloc[0]
    assert (row["open_count"], row["throughput_per_hour"], row["mean_hours"]) == (2, 1.0, 2.0)
    assert (row["expected_count"], row["gap"]) == (2.0, 0.0)


def test_littles_law_shows_a_gap_where_nobody_leaves():
    row = process.littles_law(visits_of(a=[("RECEIVED", 3)], b=[("RECEIVED", 2)]), NOW, window_days=1).iloc[0]
    assert (row["open_count"], row["expected_count"], row["gap"]) == (2, 0.0, 1.0)


def test_the_bottleneck_is_the_stage_that_fills():
    flow = pd.DataFrame(
        {
            "stage": ["RECEIVED", "INTAKE"],
            "label": ["Received", "Intake"],
            "sla_hours": [4.0, 8.0],
            "arrival_count": [10, 10],
            "completion_count": [10, 0],
            "open_count": [5, 20],
            "open_count_before": [5, 10],
        }
    )
    table = process.bottlenecks(flow, VISITS)
    assert list(table["stage"]) == ["INTAKE", "RECEIVED"]
    # (10 + 20) / (0 + 20) came and left, half of what is open is new, and one in ten waits longer than allowed
    assert list(table["score"]) == pytest.approx([1.5 * 1.5, 1.0])


def test_a_stage_that_is_passed_in_time_counts_half_at_least():
    flow = {"arrival_count": [40, 40], "completion_count": [40, 40], "open_count": [5, 5], "before_count": [5, 5]}
    stages = pd.DataFrame(flow | {"p90_wait_hours": [1.0, 9.0], "sla_hours": [4.0, 4.0]})
    assert list(process.bottleneck_scores(stages)) == [0.625, 1.0]


def test_flow_is_counted_from_visits_as_the_sql_does():
    flow = process.count_flow(VISITS.assign(sla_hours=4.0), NOW).set_index("stage")
    assert list(flow.index) == ["RECEIVED", "INFO_HOLD", "INTAKE"]
    counts = ["arrival_count", "completion_count", "open_count", "open_count_before"]
    assert flow[counts].to_dict("index") == {
        "RECEIVED": dict(zip(counts, (3, 3, 0, 0), strict=True)),
        "INFO_HOLD": dict(zip(counts, (0, 1, 0, 1), strict=True)),
        "INTAKE": dict(zip(counts, (3, 2, 1, 0), strict=True)),
    }
