"""A stream that was killed between its commits: the next one lands what bronze alone holds, known when it was."""

import datetime

import pytest

from pbm360 import broker
from pbm360.stream.blocks import receive
from pbm360.stream.landing import raw_row
from pbm360.stream.run import run_stream
from pbm360.stream.sinks import RAW_SCHEMA, TableAppender
from tests.benchmarks.live_events import events_now, templates
from tests.stream.counts import counted_by_minute, entered_by_minute

SECOND = 1_000_000
KNOWN = """
    select message_id, min(known_at) as known_at, count(*) as copies from pbm_{} group by message_id order by message_id
"""
LIVE, LETTERS = "live.order_events", "ops.dead_letters"


def known(warehouse, table, column="known_at"):
    rows = warehouse.query(KNOWN.format(table).replace("known_at)", f"{column})")).to_pylist()
    return {row["message_id"]: (row["known_at"], row["copies"]) for row in rows}


def taken_and_killed(settings, count, *, observed_at=None):
    """Publish events and one message that is none, land them in bronze as a stream does that is killed right after."""
    events = events_now(templates(settings.pseudonym_key, orders=20), "killed")
    extra = {"observed_at": observed_at} if observed_at else {}
    sent = [*(next(events) for _ in range(count)), (b"no JSON", {"source": "wms"})]
    broker.publish_batches(settings, settings.topic, [(body, attributes | extra) for body, attributes in sent])
    pulled = []
    while len(pulled) < count + 1:
        pulled += broker.pull(settings, settings.subscription, 1000)
    newest = max(item.published for item in pulled)
    received = [
        receive(item.message_id, item.published, item.attributes, item.data, newest + place % 7)
        for place, item in enumerate(pulled)
    ]
    TableAppender(settings, "bronze.raw_orders", RAW_SCHEMA).append([raw_row(message) for message in received])
    broker.extend(settings, settings.subscription, [item.ack_id for item in pulled], 0)
    return {message.stamps.message_id: message for message in received}


@pytest.mark.timeout(300)
def test_what_bronze_alone_holds_becomes_known_when_it_was_received_first(home):
    settings, warehouse = home
    messages = taken_and_killed(settings, 300)
    run_stream(settings, until_idle_seconds=2)
    live, letters = known(warehouse, LIVE), known(warehouse, LETTERS, "refused_at")
    assert len(live) == 300 and len(letters) == 1
    found = {message_id: int(moment.timestamp() * SECOND + 0.5) for message_id, (moment, _) in (live | letters).items()}
    assert found == {message_id: message.stamps.ingested_at for message_id, message in messages.items()}
    assert {copies for _, copies in (live | letters).values()} == {2}, "its own copy, and the one delivered again"
    now = max(moment for moment, _ in live.values())
    counted = counted_by_minute(warehouse, now)
    assert counted == entered_by_minute(warehouse, now) and counted
    sent = broker.pull(settings, settings.dead_letter_subscription, 10)
    assert [letter.attributes["reason_code"] for letter in sent] == ["malformed_json"]


@pytest.mark.timeout(300)
def test_what_was_landed_everywhere_is_not_landed_again(home):
    settings, warehouse = home
    events = events_now(templates(settings.pseudonym_key, orders=20), "whole")
    broker.publish_batches(settings, settings.topic, [*(next(events) for _ in range(50)), (b"no JSON", {})])
    for _ in range(2):
        run_stream(settings, until_idle_seconds=1)
    assert [copies for _, copies in known(warehouse, LIVE).values()] == [1] * 50
    assert [copies for _, copies in known(warehouse, LETTERS, "refused_at").values()] == [1]


@pytest.mark.timeout(300)
def test_messages_that_say_when_they_were_known_are_left_to_their_redelivery(home):
    settings, warehouse = home
    observed_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    taken_and_killed(settings, 20, observed_at=observed_at.isoformat().replace("+00:00", "Z"))
    run_stream(settings, until_idle_seconds=2)
    live = known(warehouse, LIVE)
    assert set(live.values()) == {(observed_at, 1)}


@pytest.mark.timeout(300)
def test_what_a_publication_may_have_taken_out_of_live_is_left_to_the_batch(home):
    settings, warehouse = home
    now = datetime.datetime.now(datetime.UTC)
    published = {"run_date": now.date() + datetime.timedelta(days=3), "run_id": "run-1", "status": "published"}
    warehouse.load_rows("ops.batch_runs", [published | {"started_at": now, "cut_at": now}])
    taken_and_killed(settings, 20)
    run_stream(settings, until_idle_seconds=2)
    assert [copies for _, copies in known(warehouse, LIVE).values()] == [1] * 20
