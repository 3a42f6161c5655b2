"""A replay of bronze gives what live and silver hold, and says which message it sees otherwise."""

import datetime

import pytest

from pbm360 import broker, medallion
from pbm360.replaying import replay
from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream.run import run_stream
from tests.stream.conftest import home  # noqa: F401

TWO_EVENTS = """
    select min(message_id) as message_id from pbm_live.order_events where known_at >= timestamp '2026-11-19'
    group by source, event_id having count(*) = 1 order by message_id limit 2
"""
END = datetime.datetime(2026, 11, 20, 18, tzinfo=datetime.UTC)
DAYS = [END.date() - datetime.timedelta(days=age) for age in (1, 0)]


@pytest.fixture
def streamed(home):  # noqa: F811
    """A small history, streamed: its settings and warehouse."""
    settings, warehouse = home
    messages = list(simulate(SimulationParameters(orders=60, days=2, end=END, seed=5)).messages())
    pairs = [(message.payload, message.attributes) for message in messages]
    refused = (b"{", {"source": "wms", "observed_at": "2026-11-20T09:00:00Z"})
    broker.publish_batches(settings, settings.topic, [*pairs, *pairs[:10], refused])
    run_stream(settings, until_idle_seconds=1)
    return settings, warehouse


@pytest.mark.timeout(600)
def test_a_replay_is_identical_with_live_names_what_differs_and_is_identical_with_silver_after_a_build(streamed):
    settings, warehouse = streamed
    before = replay(settings, *DAYS)
    assert (before.differences, before.event_count > 100) == ([], True)
    spoil_two_events_of_live(settings, warehouse)
    for day in DAYS:
        medallion.build(warehouse, day)
    warehouse.query("delete from pbm_live.order_events where true")  # as publishing does once days are old enough
    after = replay(settings, *DAYS)
    assert (after.differences, after.event_count) == ([], before.event_count)
    datasets = {dataset.dataset_id for dataset in warehouse.client.list_datasets()}
    assert not any("replay" in name for name in datasets)


def spoil_two_events_of_live(settings, warehouse):
    """Change one and delete one: both are named by message and column, never by value."""
    rows = warehouse.query(TWO_EVENTS).to_pylist()
    changed, gone = (row["message_id"] for row in rows)
    warehouse.query(
        "update pbm_live.order_events set stage = 'NOWHERE' where message_id = @detail", {"detail": changed}
    )
    warehouse.query("delete from pbm_live.order_events where message_id = @detail", {"detail": gone})
    found = dict(replay(settings, *DAYS).differences)
    assert found == {
        changed: "differs in stage",
        gone: "the replay accepts it, neither live nor silver holds its event",
    }


def test_days_the_wrong_way_round_are_refused(settings):
    with pytest.raises(ValueError, match="the first day 2026-11-20 must not be after the last day 2026-11-19"):
        replay(settings, DAYS[1], DAYS[0])
