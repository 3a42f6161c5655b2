"""What a page shows of a snapshot."""

import datetime
import json
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go

from pbm360.operations.reading import Background, Snapshot
from pbm360.operations.view import freshness_chips, judged_orders, moment_view, operations_view, order_view
from tests.figures.order_frames import NOW, STAGES, delivered_order, hours_ago, open_order, orders_frame

FRESH = {
    "stream_event_at": hours_ago(0.01),
    "events_last_minute": 1234,
    "stream_beat_at": None,
    "batch_published_at": hours_ago(3),
    "batch_date": NOW.date(),
}


def snapshot(**freshness):
    return Snapshot(NOW, 0.1, orders_frame(), STAGES, FRESH | freshness)


def chips(**freshness):
    return {chip["key"]: (chip["state"], chip["text"]) for chip in freshness_chips(snapshot(**freshness))}


def test_a_live_stream_and_a_batch_of_today_are_good():
    assert chips() == {"stream": ("good", "Stream 1,234 events/min"), "batch": ("good", "Batch through 20 Nov")}


def test_a_heartbeat_alone_keeps_the_stream_good():
    assert chips(stream_event_at=hours_ago(9), stream_beat_at=hours_ago(0.01), events_last_minute=0)["stream"] == (
        "good",
        "Stream 0 events/min",
    )


def test_a_stream_that_says_nothing_is_quiet_and_for_how_long():
    assert chips(stream_event_at=hours_ago(2))["stream"] == ("quiet", "Stream quiet for 2.0 h")


def test_a_stream_that_never_spoke_is_bad():
    assert chips(stream_event_at=None)["stream"] == ("bad", "Stream: no event yet")


def test_a_batch_that_is_days_behind_or_missing_is_quiet():
    assert chips(batch_date=NOW.date() - datetime.timedelta(days=2))["batch"] == ("quiet", "Batch through 18 Nov")
    assert chips(batch_date=None)["batch"] == ("quiet", "Batch: no day yet")


ORDERS = orders_frame(
    open_order("A1", 30, 24, carrier="ups", pharmacy_id="PH1", pharmacy="Harbor", promised_at=hours_ago(-2)),
    open_order("A2", 1, 24, pharmacy_id="PH2", pharmacy="Alpine", received_at=hours_ago(0.2)),
    open_order("A3", 30, 24, stage="EXCEPTION", stage_label="Carrier exception", stage_entered_at=hours_ago(30)),
    delivered_order("D1", 3, True, received_at=hours_ago(40), shipped_at=hours_ago(20)),
)
BACKGROUND = Background(
    supplies=pd.DataFrame({"order_id": ["A2"], "runout_at": [pd.Timestamp(hours_ago(-10))]}),
    remaining=pd.DataFrame(
        {"stage": "FILL", "slice_number": range(1, 101), "visit_count": 1, "remaining_hours": range(1, 101)}
    ),
    stage_flow=pd.DataFrame(
        {
            "stage": ["RECEIVED", "FILL"],
            "stage_label": ["Received", "Fill"],
            "sla_hours": [4.0, 24.0],
            "arrival_count_day": [10, 20],
            "completion_count_day": [10, 5],
            "p90_wait_hours": [3.0, 40.0],
        }
    ),
    carrier_weeks=pd.DataFrame(
        {"carrier": ["ups"], "week_date": [NOW.date()], "order_count": [50], "on_time_count": [45]}
    ),
    usual_hours=pd.DataFrame(
        {"weekday": [6], "hour_of_day": [9], "day_count": [2], "received_per_hour": [4.0], "shipped_per_hour": [3.5]}
    ),
    feeds=pd.DataFrame(
        {
            "source": ["oms", "wms"],
            "last_known_at": [pd.Timestamp(hours_ago(0.1)), pd.Timestamp(hours_ago(9))],
            "event_count_hour": [90, 3],
            "usual_count_hour": [100.0, 80.0],
        }
    ),
)


def full_snapshot(background=BACKGROUND):
    return Snapshot(NOW, 0.1, ORDERS, STAGES, FRESH, background)


def view_of(chosen, background=BACKGROUND):
    found = full_snapshot(background)
    return operations_view(found, judged_orders(found), chosen)


def test_a_view_is_json_and_has_every_panel():
    view = json.loads(json.dumps(view_of({}), allow_nan=False))
    assert set(view) == {"as_of", "chips", "filters", "tiles", "figures", "tables", "changes"}
    assert {json.loads(figure)["layout"]["title"]["text"].endswith("?") for figure in view["figures"].values()} == {
        True
    }
    assert [tile["number"] for tile in view["tiles"] if tile["key"] in ("open", "breached")] == [3, 2]


def test_plotly_knows_every_property_of_the_charts():
    for view in (view_of({}), view_of({}, None), view_of({"pharmacy": "nowhere"})):
        for text in view["figures"].values():
            figure = go.Figure(json.loads(text))  # which raises for a property that it does not know
            assert figure.data or figure.layout.annotations[0].text


def test_the_background_may_be_missing_and_no_orders_give_empty_panels():
    unread = view_of({}, None)
    assert [unread["tables"][key][0]["empty"] for key in ("gaps", "feeds")] == ["Reading …"] * 2
    assert "Reading how long deliveries took" in unread["figures"]["expected"]
    empty = Snapshot(NOW, 0.1, orders_frame(), STAGES, FRESH, None)
    view = operations_view(empty, judged_orders(empty), {})
    assert [table["rows"] for lists in view["tables"].values() for table in lists] == [[]] * 8
    assert "No open orders match" in view["figures"]["stages"]


def test_choices_narrow_everything_but_their_own_panel():
    view = view_of({"stage": "FILL"})
    assert view["tiles"][0]["number"] == 2
    assert json.loads(view["figures"]["stages"])["layout"]["title"]["subtitle"]["text"].startswith("3 open")
    view = view_of({"exception": "exception"})
    assert [row["order_id"] for row in view["tables"]["orders"][0]["rows"]] == ["A3"]
    assert {row["kind"] for row in view["tables"]["exceptions"][0]["rows"]} == {"exception", "gap", "warehouse"}


def said_of(chart, view):
    return json.loads(view["figures"][chart])["layout"]["title"]["subtitle"]["text"]


def test_what_choices_do_not_narrow_says_so():
    many = orders_frame(*(open_order(f"F{number}", 1, 24, pharmacy_id="PH1") for number in range(6)))
    found = Snapshot(NOW, 0.1, many, STAGES, FRESH, BACKGROUND)
    whole, narrowed = (operations_view(found, judged_orders(found), each) for each in ({}, {"pharmacy": "PH9"}))
    assert said_of("bottleneck", narrowed) == f"{said_of('bottleneck', whole)} · of all orders"
    (before,), (after,) = whole["tables"]["feeds"], narrowed["tables"]["feeds"]
    assert after["subtitle"] == f"{before['subtitle']} · of all orders"


def test_alerts_of_other_orders_are_left_out_and_those_of_no_order_stay():
    columns = ["alert_id", "severity", "subject", "message", "owner", "opened_at", "acknowledged_by"]
    subjects = ("A1", "A2", "FILL", "Carriers", "of an order long gone")
    rows = [
        (subject, "high", subject, "is wrong", "operations", pd.Timestamp(hours_ago(1)), None) for subject in subjects
    ]
    risk = pd.DataFrame(columns=["order_id", "p_miss_sla", "due_at", "scored_at", "model_version"])
    known = replace(
        BACKGROUND, risk=risk.astype({"due_at": "datetime64[us, UTC]"}), alerts=pd.DataFrame(rows, columns=columns)
    )

    def told(chosen):
        (table,) = view_of(chosen, known)["tables"]["alerts"]
        return [row["message"].partition(":")[0] for row in table["rows"]], table["subtitle"]

    assert sorted(told({})[0]) == sorted(subjects) and told({})[1].startswith("5 open, 5 of them")
    found, said = told({"pharmacy": "PH1"})
    assert sorted(found) == sorted(set(subjects) - {"A2"})
    assert said.startswith("4 open, 4 of them") and said.endswith("and of all stages, carriers and sources")


def test_a_carriers_own_past_is_shown_only_beside_all_of_its_orders():
    found = Snapshot(NOW, 0.1, orders_frame(*kept_promises()), STAGES, FRESH, BACKGROUND)

    def has_past(chosen):
        return "own weeks before)" in operations_view(found, judged_orders(found), chosen)["figures"]["carriers"]

    assert has_past({}) and has_past({"carrier": "ups"})
    assert not has_past({"pharmacy": "PH1"}) and not has_past({"carrier": "ups", "pharmacy": "PH1"})


def kept_promises():
    return [delivered_order(f"D{n}", 3, True, carrier="ups", pharmacy_id="PH1") for n in range(4)]


def test_each_order_counts_once_by_its_worst_with_the_next_action():
    rows = view_of({})["tables"]["exceptions"][0]["rows"]
    assert [(row["kind"], row["severity"], row["order_count"]) for row in rows] == [
        ("gap", "critical", 1),
        ("exception", "high", 1),
        ("warehouse", "medium", 1),
    ]
    worst = view_of({})["tables"]["orders"][0]["rows"]
    assert [row["order_id"] for row in worst] == ["A2", "A3", "A1"]
    assert worst[0]["action"].startswith("Call the patient")


def test_no_row_of_what_stands_and_waits_changes_because_time_passes():
    found = full_snapshot(BACKGROUND)
    later = replace(found, as_of=found.as_of + datetime.timedelta(seconds=20))
    now, then = (operations_view(each, judged_orders(each), {})["tables"] for each in (found, later))
    assert {key for key in now if now[key] != then[key]} == set()


def test_the_patient_who_runs_out_first_is_told_with_slack_in_days():
    (row,) = view_of({})["tables"]["gaps"][0]["rows"]
    # in Fill for 1 h: of the 99 longer visits the 90th percentile is 91 h, so 90 h to go; the drug lasts for 10 h
    assert (row["order_id"], row["gap"], row["slack_days"]) == ("A2", "red", round(-80 / 24, 1))


def test_sources_are_held_against_their_usual_rate():
    rows = {row["source"]: row for row in view_of({})["tables"]["feeds"][0]["rows"]}
    assert (rows["Order management"]["state"], rows["Warehouse scanners"]["state"]) == ("good", "silent")
    assert rows["Warehouse scanners"]["heard_at"] == hours_ago(9).isoformat(timespec="seconds")


def test_the_bottleneck_is_told_with_its_reason():
    many = orders_frame(*(open_order(f"F{number}", 1, 24) for number in range(6)))
    found = Snapshot(NOW, 0.1, many, STAGES, FRESH, BACKGROUND)
    figure = json.loads(operations_view(found, judged_orders(found), {})["figures"]["bottleneck"])
    assert figure["layout"]["title"]["subtitle"]["text"] == (
        "Fill: 20 came, 5 left in 24 h; 6 wait; one in ten waited over 40 h (allowed 24 h)"
    )


def test_changes_are_counted_in_steps_of_five_minutes():
    changes = view_of({})["changes"]
    counts = {row["key"]: row["counts"] for row in changes["rows"]}
    assert {len(counts[key]) for key in counts} == {432}
    assert sum(counts["received"]) == 1  # the other was received 40 hours ago
    assert sum(counts["received"][-4:]) == 1
    assert sum(counts["exception"]) == 1 and sum(counts["exception"][-359:]) == 0
    assert datetime.datetime.fromisoformat(changes["first_at"]) == NOW - datetime.timedelta(minutes=5 * 431)


EVENTS = pd.DataFrame(
    [
        {"event_type": "referral_received", "source": "oms", "event_at": hours_ago(9), "known_at": hours_ago(9)},
        {
            "event_type": "filled",
            "source": "wms",
            "event_at": hours_ago(6),
            "known_at": hours_ago(2),
            "station": "fill-1",
        },
    ]
).assign(stage_label=["Received", "Quality check"], is_in_batch=[True, False], minutes_outside=None, corrects_id=None)
for column in ("carrier", "reason", "substatus", "decision", "condition", "correction_reason"):
    EVENTS[column] = None


def test_an_orders_story_tells_waits_lateness_and_where_each_event_came_from():
    story = order_view("A1", judged_orders(full_snapshot()), EVENTS)
    assert story["facts"] == "Fill for 30.0 h of 24 h allowed · Harbor · UPS"
    assert [moment["what"] for moment in story["moments"]] == ["promised", "expected", "nine in ten by"]
    assert story["moments"][0]["at"] == pd.Timestamp(hours_ago(-2)).isoformat()
    first, second = story["rows"]
    assert (first["what"], first["came_by"], first["wait_hours"], first["late_hours"]) == (
        "referral received",
        "batch",
        None,
        None,
    )
    assert (second["source"], second["detail"], second["wait_hours"], second["late_hours"]) == (
        "Warehouse scanners",
        "fill-1",
        3.0,
        4.0,
    )
    assert order_view("Z9", judged_orders(full_snapshot()), EVENTS.iloc[:0])["rows"] == []


def test_a_past_moment_is_shown_twice_and_what_differs_is_counted():
    rows = pd.DataFrame(
        {
            "order_id": ["A1", "A2", "A3"],
            "pharmacy_id": ["PH1", "PH1", "PH2"],
            "stage_label_then": ["Received", "Received", None],
            "risk_then": ["on_track", "breached", None],
            "stage_label_now": ["Received", "Fill", "Fill"],
            "risk_now": ["on_track", "on_track", "at_risk"],
        }
    )
    view = moment_view(rows, STAGES, {}, NOW)
    assert "2 of 3 open orders stood elsewhere" in view["note"]
    assert view["note"].endswith("until 20 Nov 12:30:00 UTC")
    assert json.loads(view["figures"]["then"])["layout"]["title"]["subtitle"]["text"] == "2 open · 1 breached (50%)"
    assert json.loads(view["figures"]["now"])["layout"]["title"]["subtitle"]["text"] == "3 open · 0 breached (0%)"
    assert "1 of 2 open orders" in moment_view(rows, STAGES, {"pharmacy": "PH1"}, NOW)["note"]


def test_what_is_foreseen_and_who_was_told_stand_in_tables_of_their_own():
    said = {"p_miss_promise": 0.1, "p_runout": None, "eta_p50_at": pd.Timestamp(hours_ago(-20)), "reason_2": None}
    risk = pd.DataFrame(
        [
            {"order_id": "A2", "p_miss_sla": 0.8, "reason_1": "In Fill for 1 h", **said},
            {"order_id": "elsewhere", "p_miss_sla": 0.9, "reason_1": "of no order here", **said},
        ]
    ).assign(
        eta_p90_at=pd.Timestamp(hours_ago(-30)),
        due_at=pd.Timestamp(hours_ago(-9)),
        model_version="rule-average",
        scored_at=pd.Timestamp(hours_ago(0.1)),
    )
    alerts = pd.DataFrame(
        [("1", "high", "A2", "80% to miss its SLA", "operations", pd.Timestamp(hours_ago(1)), None)],
        columns=["alert_id", "severity", "subject", "message", "owner", "opened_at", "acknowledged_by"],
    )
    known = replace(BACKGROUND, risk=risk, alerts=alerts)
    tables = view_of({}, known)["tables"]
    (foreseen,), (told,) = tables["foreseen"], tables["alerts"]
    assert [row["order_id"] for row in foreseen["rows"]] == ["A2"]
    assert "drifted" in foreseen["subtitle"]
    assert told["subtitle"].startswith("1 open, 1 of them not taken yet")
    orders = judged_orders(full_snapshot(known)).set_index("order_id")
    assert orders.loc["A2", "eta_p90_at"] == pd.Timestamp(hours_ago(-30))  # the forecast's, not the stage's
    assert view_of({})["tables"]["foreseen"][0]["rows"] == []
