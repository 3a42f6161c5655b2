"""Each rule sees what it is meant to see, and says it in words that need no looking up."""

import datetime

import pandas as pd

from pbm360.alerts.rules import health_signals, order_signals, source_signals, standing

NOW = datetime.datetime(2026, 11, 18, 12, tzinfo=datetime.UTC)
AHEAD, PAST = pd.Timestamp(NOW) + pd.Timedelta(hours=30), pd.Timestamp(NOW) - pd.Timedelta(hours=1)


def scores(*rows) -> pd.DataFrame:
    columns = ["order_id", "p_miss_sla", "p_runout", "due_at", "reason_1", "reason_2", "reason_3"]
    return pd.DataFrame(rows, columns=columns)


def test_an_order_is_told_of_with_its_reasons_while_something_can_be_done():
    found = standing(
        order_signals(
            scores(
                ("A1", 0.72, None, AHEAD, "Appeal is open for 5 days", "7 ahead of it in Appeal at PH01", None),
                ("A2", 1.0, None, PAST, "SLA passed 1 h ago", None, None),
                ("A3", 0.10, 0.8, AHEAD, "Patient's drug lasts 20 h more", None, None),
                ("A4", 0.10, 1.0, AHEAD, "Patient has been without drug for 3 h", None, None),
            ),
            NOW,
        )
    )
    assert set(found) == {("order_at_risk", "A1"), ("drug_runs_out", "A3")}
    message = found["order_at_risk", "A1"].message
    assert message == "72% to miss its SLA: Appeal is open for 5 days; 7 ahead of it in Appeal at PH01"


def health(*rows) -> list:
    frame = pd.DataFrame(rows, columns=["kind", "name", "level", "usual", "case_count"])
    return sorted(standing(health_signals(frame)))


def test_a_stage_that_holds_twice_its_usual_days_of_work_jams():
    assert health(("stage", "FILL", 3.0, 1.0, 200), ("stage", "QA", 1.1, 1.0, 200)) == [("stage_jams", "FILL")]
    assert health(("stage", "FILL", 3.0, 1.0, 4)) == []  # of four orders nothing is said


def test_a_carrier_collapses_where_it_misses_far_more_than_usual():
    collapsed, usual = ("carrier", "ups", 0.4, 0.04, 120), ("carrier", "usps", 0.2, 0.15, 120)
    assert health(collapsed, usual) == [("carrier_collapses", "ups")]


def test_a_source_is_silent_only_at_an_hour_in_which_it_usually_sends():
    columns = ["source", "last_known_at", "event_count_hour", "usual_count_hour"]
    rows = [
        ("carrier", pd.Timestamp(NOW), 0, 80.0),
        ("iot", pd.Timestamp(NOW), 0, 2.0),
        ("oms", pd.Timestamp(NOW), 60, 70.0),
        ("crm", pd.NaT, 0, None),  # never heard: there is no usual hour
    ]
    signals = list(source_signals(pd.DataFrame(rows, columns=columns)))
    assert [(signal.rule, signal.subject) for signal in signals] == [("source_silent", "Carriers")]
    assert signals[0].message == "Carriers: 0 events in the last hour, usually 80"
