"""What order management tells reaches Pub/Sub: at least once, each order's in order, also past a kill."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pbm360 import broker, oms
from pbm360.oms.database import statement
from pbm360.oms.outbox import write_event
from pbm360.oms.relay import relay, waiting
from tests.messages import at
from tests.test_oms import DRUG, ORDER, PATIENT, PHARMACY

ORDERED = "ordered-events"
numbers = itertools.count()


@pytest.fixture(name="database")
def make_database(stack_settings):
    """Settings with a database and topics of the test's own; a subscription that keeps order stands beside."""
    number = next(numbers)
    with psycopg.connect(stack_settings.oms_dsn, autocommit=True) as connection:
        connection.execute(f"create database outbox_{number}")
    dsn = make_conninfo(stack_settings.oms_dsn, dbname=f"outbox_{number}")
    made = replace(stack_settings, project=f"pbm-outbox-{number}", oms_dsn=dsn)
    broker.ensure_topics(made)
    request = {
        "name": broker.subscription_path(made, ORDERED),
        "topic": broker.topic_path(made, made.topic),
        "enable_message_ordering": True,
    }
    broker.subscriber(made).create_subscription(request=request)
    oms.migrate(made)
    oms.seed(made, [PATIENT], [PHARMACY], [DRUG], [])
    return made


def order(name, **changes):
    return ORDER | {"order_id": name} | changes


def event(number, name="A1", event_type="info_requested"):
    return oms.OrderEvent(f"oms-{name}-{number}", event_type, name, at(f"20 10:{number % 60:02}"))


def received(settings):
    """Take every message of the ordered subscription, in the order of delivery."""
    found = []
    while messages := broker.pull(settings, ORDERED, 1000, timeout_seconds=1.0):
        broker.acknowledge(settings, ORDERED, [message.ack_id for message in messages])
        found += [(json.loads(message.data), message.attributes) for message in messages]
    return found


def test_an_order_and_its_event_are_written_together_and_told_once(database):
    oms.place_order(database, order("A1"), "oms-A1-1")
    oms.place_order(database, order("A1"), "oms-A1-1")
    oms.tell(database, event(2))
    assert waiting(database)[0] == 2
    assert relay(database, until_empty=True) == 2
    assert relay(database, until_empty=True) == 0
    assert received(database) == [
        (
            {
                "specversion": "1.0",
                "id": "oms-A1-1",
                "source": "oms",
                "type": "referral_received",
                "time": "2026-11-19T09:30:00.000Z",
                "subject": "A1",
                "dataschema": "order-event/1",
                "data": {
                    "patient_id": "P1",
                    "pharmacy_id": "PH1",
                    "drug_ndc": "00071015523",
                    "priority": "routine",
                    "quantity": "30",
                    "days_supply": 30,
                },
            },
            {"source": "oms"},
        ),
        (json.loads(event(2).payload()), {"source": "oms"}),
    ]


def test_what_fails_tells_nothing(database):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        oms.place_order(database, order("A1", patient_id="P9"), "oms-A1-1")
    with pytest.raises(oms.UnknownOrderError, match="order Z9 of event oms-Z9-1 is not in order management"):
        oms.tell(database, event(1, "Z9"))
    oms.place_order(database, order("A1"), "oms-A1-1")
    with pytest.raises(RuntimeError), oms.connect(database) as connection:
        write_event(connection, event(2))
        raise RuntimeError("the order's change fails after its event was written")
    assert waiting(database)[0] == 1


def test_of_two_transactions_of_one_order_the_second_waits_for_the_first(database):
    oms.place_order(database, order("A1"), "oms-A1-1")
    other = threading.Thread(target=oms.tell, args=(database, event(3)))
    with oms.connect(database) as connection:
        write_event(connection, event(2))
        other.start()
        other.join(0.5)
        assert other.is_alive()  # or event 3 could be told before event 2 is true
    other.join()
    relay(database, until_empty=True)
    assert [told["id"] for told, _ in received(database)] == ["oms-A1-1", "oms-A1-2", "oms-A1-3"]


def test_an_event_that_commits_late_is_not_passed_over(database):
    oms.place_order(database, order("A1"), "oms-A1-1")
    oms.place_order(database, order("B2"), "oms-B2-1")
    with oms.connect(database) as late:
        write_event(late, event(2, "A1"))  # takes its number, and commits after those that follow
        oms.tell(database, event(2, "B2"))
        assert relay(database, until_empty=True) == 3
    assert relay(database, until_empty=True) == 1


def test_a_second_relay_waits_for_its_turn(database):
    oms.place_order(database, order("A1"), "oms-A1-1")
    stop, counts = threading.Event(), []
    with oms.connect(database) as first:
        assert first.execute(statement("try_lock_relay")).fetchone()["is_locked"]
        second = threading.Thread(target=lambda: counts.append(relay(database, stop, until_empty=True)))
        second.start()
        second.join(0.6)
        assert second.is_alive() and waiting(database)[0] == 1
    second.join(20)
    assert counts == [1]


def test_events_published_long_ago_are_forgotten_and_no_others(database):
    oms.place_order(database, order("A1"), "oms-A1-1")
    relay(database, until_empty=True)
    oms.tell(database, event(2))
    with oms.connect(database) as connection:
        connection.execute("update outbox set published_at = published_at - interval '8 days'")
    relay(database, until_empty=True)
    with oms.connect(database) as connection:
        assert [row["event_id"] for row in connection.execute("select event_id from outbox")] == ["oms-A1-2"]


def test_an_erased_patient_leaves_nothing_in_the_outbox(database):
    oms.place_order(database, order("A1"), "oms-A1-1")
    assert oms.delete_patient(database, "P1") == {"orders": 1, "patients": 1}
    with oms.connect(database) as connection:
        assert connection.execute("select * from outbox").fetchall() == []


def test_a_relay_that_is_killed_in_the_middle_loses_nothing_and_keeps_each_orders_order(database):
    names = [f"A{number}" for number in range(40)]
    for name in names:
        oms.place_order(database, order(name), f"oms-{name}-1")
    with oms.connect(database) as connection:
        for number in range(2, 101):
            for name in names:
                write_event(connection, event(number, name))
    process = start_relay(database)
    while waiting(database)[0] == 4000:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    left = waiting(database)[0]
    assert 0 < left < 4000  # or it was not the middle

    again = start_relay(database, "--until-empty")
    assert again.wait(60) == 0, again.stderr.read()
    assert waiting(database)[0] == 0
    first_deliveries = {name: [] for name in names}
    for told, _ in received(database):
        if told["id"] not in first_deliveries[told["subject"]]:
            first_deliveries[told["subject"]].append(told["id"])
    assert first_deliveries == {name: [f"oms-{name}-{number}" for number in range(1, 101)] for name in names}


def test_what_was_published_but_not_noted_is_published_again_under_its_id(database, monkeypatch):
    oms.place_order(database, order("A1"), "oms-A1-1")
    with monkeypatch.context() as broken, pytest.raises(FileNotFoundError):
        broken.setattr("pbm360.oms.relay.statement", dying_before("note_published"))
        relay(database, until_empty=True)
    assert relay(database, until_empty=True) == 1
    assert [told["id"] for told, _ in received(database)] == ["oms-A1-1", "oms-A1-1"]


def dying_before(name):
    """Let the relay end between Pub/Sub's answer and its note."""
    return lambda wanted: statement("no_such_statement" if wanted == name else wanted)


def start_relay(settings, *arguments):
    variables = {
        "PBM360_PROJECT": settings.project,
        "PBM360_OMS_DSN": settings.oms_dsn,
        "PBM360_PUBSUB_ENDPOINT": settings.pubsub_endpoint,
        "PBM360_BIGQUERY_URL": settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": settings.bigquery_storage_endpoint,
        "PBM360_STATE_DIR": str(settings.state_dir),
    }
    command = [sys.executable, "-m", "pbm360", "relay", *arguments]
    return subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.PIPE, text=True)
