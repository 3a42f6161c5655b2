"""Alerts are kept in the warehouse, published to their topic, received by a webhook, and taken by somebody."""

import base64
import datetime
import json
import threading
import urllib.error
import urllib.request
from dataclasses import replace

import pandas as pd
import pytest

from pbm360 import broker, medallion
from pbm360.alerts.watch import look, read_alerts, take
from pbm360.alerts.webhook import alert_of, receive, receiver
from pbm360.risk import store
from pbm360.warehouse import Warehouse

NOW = datetime.datetime(2026, 11, 18, 15, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def risk_scores(*chances: float) -> pd.DataFrame:
    names = [f"A{number}" for number in range(len(chances))]
    frame = pd.DataFrame({"order_id": names, "p_miss_sla": chances, "due_at": pd.Timestamp(NOW) + pd.Timedelta(days=2)})
    times = dict.fromkeys(("eta_p50_at", "eta_p90_at", "promised_at"), pd.Series(pd.NaT, frame.index))
    texts = dict.fromkeys(("reason_2", "reason_3"), None)
    known = {
        "scored_at": pd.Timestamp(NOW),
        "stage": "FILL",
        "pharmacy_id": "PH01",
        "carrier": "",
        "model_version": "m",
    }
    return frame.assign(p_miss_promise=0.1, p_runout=None, reason_1="In Fill for 30 h", **times, **texts, **known)


@pytest.fixture(scope="module")
def warehouse(stack_settings):
    made = Warehouse(replace(stack_settings, project="pbm-alerts"))
    medallion.prepare(made)
    broker.ensure_topics(made.settings)
    return made


def test_a_look_opens_publishes_and_keeps_alerts_and_a_second_one_repeats_nothing(warehouse):
    store.save_scores(warehouse, risk_scores(0.9, 0.2))
    first = look(warehouse, NOW)
    assert [(alert.subject, alert.owner) for alert in first.published] == [("A0", "operations")]
    second = look(warehouse, NOW + MINUTE)
    assert (second.open_count, second.opened, second.published) == (1, (), ())
    (kept,) = read_alerts(warehouse, NOW)
    assert (kept.opened_at, kept.last_seen_at) == (NOW, NOW + MINUTE)
    assert kept.message == "90% to miss its SLA: In Fill for 30 h"


def test_a_webhook_receives_what_was_published_once(warehouse):
    taken = []
    count = receive(warehouse.settings, 3.0, 0, threading.Event(), taken.append)
    assert count == len(taken) == 1
    assert (taken[0]["subject"], taken[0]["severity"], taken[0]["level"]) == ("A0", "high", 0.9)
    assert receive(warehouse.settings, 1.0, 0, threading.Event(), taken.append) == 0


def test_one_takes_an_alert_and_it_closes_when_it_is_over(warehouse):
    (alert,) = read_alerts(warehouse, NOW)
    assert take(warehouse, alert.alert_id, "jo", NOW + 2 * MINUTE).acknowledged_by == "jo"
    with pytest.raises(ValueError, match="acknowledged by jo"):
        take(warehouse, alert.alert_id, "kim", NOW)
    with pytest.raises(ValueError, match="no open alert 'nothing'"):
        take(warehouse, "nothing", "kim", NOW)
    store.save_scores(warehouse, risk_scores(0.1, 0.2))
    closed = look(warehouse, NOW + 3 * MINUTE).closed
    assert [(one.subject, one.acknowledged_by) for one in closed] == [("A0", "jo")]
    assert read_alerts(warehouse, NOW + 4 * MINUTE) == []


def post(server, body: bytes) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}", body)
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_receiver_refuses_what_is_no_alert():
    told = []
    with receiver(told.append) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert post(server, b"hello") == 400
        assert post(server, json.dumps({"message": {"data": base64.b64encode(b'{"a": 1}').decode()}}).encode()) == 400
        assert post(server, b"x" * 200_000) == 400
        server.shutdown()
    assert told == []
    with pytest.raises(ValueError, match="expected a push of Pub/Sub"):
        alert_of(b"[]")
