"""The dashboard shows the likeliest orders first, says by what they were foreseen, and who has each alert."""

import datetime

import pandas as pd

from pbm360.figures.foreseen import alert_rows, forecast_words, foreseen_rows

NOW = datetime.datetime(2026, 11, 20, 15, tzinfo=datetime.UTC)


def risk(*rows, version="survival-20261101-abc", minutes_ago=5) -> pd.DataFrame:
    scored = pd.Timestamp(NOW) - pd.Timedelta(minutes=minutes_ago)
    columns = ["order_id", "p_miss_sla", "hours_to_due", "reason_1"]
    frame = pd.DataFrame(rows, columns=columns).assign(scored_at=scored, model_version=version)
    due = pd.Timestamp(NOW) + pd.to_timedelta(frame.pop("hours_to_due"), unit="h")
    return frame.assign(due_at=due, eta_p90_at=pd.NaT)


def test_the_likeliest_orders_come_first_and_those_already_late_are_no_forecast():
    rows = foreseen_rows(risk(("A1", 0.3, 5, "x"), ("A2", 0.9, 50, "y"), ("A3", 1.0, -2, "late")), NOW, count=5)
    assert [(row["order_id"], row["p_miss_sla"], row["reason"]) for row in rows] == [("A2", 0.9, "y"), ("A1", 0.3, "x")]
    assert rows[0]["eta_p90_at"] is None and rows[0]["due_at"] == "2026-11-22T17:00:00+00:00"


def test_no_row_promises_the_door_for_a_moment_that_has_passed():
    two = risk(("A1", 0.3, 5, "x"), ("A2", 0.2, 5, "y")).assign(
        eta_p90_at=[pd.Timestamp(NOW) - pd.Timedelta(minutes=1), pd.Timestamp(NOW) + pd.Timedelta(hours=1)]
    )
    assert [row["eta_p90_at"] for row in foreseen_rows(two, NOW, count=5)] == [None, "2026-11-20T16:00:00+00:00"]


def test_a_drifted_forecast_says_so_and_an_old_one_too():
    fresh, drifted = risk(("A1", 0.3, 5, "x")), risk(("A1", 0.3, 5, "x"), version="rule-average")
    assert forecast_words(fresh, NOW) == "by survival-20261101-abc; scored 20 Nov 14:55 UTC"
    assert forecast_words(drifted, NOW).startswith("▲ the forecast has drifted: chances by the rule of today (average)")
    assert "older than an hour" in forecast_words(risk(("A1", 0.3, 5, "x"), minutes_ago=90), NOW)
    assert "pbm360 risk train" in forecast_words(risk(), NOW)


def test_the_worst_alerts_come_first_with_whoever_has_them():
    columns = ["alert_id", "severity", "subject", "message", "owner", "opened_at", "acknowledged_by"]
    alerts = pd.DataFrame(
        [
            ("1", "high", "A1", "80% to miss its SLA", "operations", pd.Timestamp(NOW), None),
            ("2", "critical", "Carriers", "0 events in the last hour", "integration", pd.Timestamp(NOW), "jo"),
        ],
        columns=columns,
    )
    rows = alert_rows(alerts)
    assert [(row["severity"], row["owner"]) for row in rows] == [("critical", "jo"), ("high", "operations")]
    assert rows[1]["message"] == "A1: 80% to miss its SLA"
