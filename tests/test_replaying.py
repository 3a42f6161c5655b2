"""A replay of bronze gives what live and silver hold, and says which message it sees otherwise."""

import datetime

import pytest
from typer.testing import CliRunner

from pbm360 import broker, medallion
from pbm360.cli import app
from pbm360.commands import speed_layer
from pbm360.comparing import compare_minutes
from pbm360.replaying import replay
from pbm360.scratch import REPLAY, scratch_warehouse
from pbm360.simulate import SimulationParameters, simulate
from pbm360.stream.bronze import stream_bronze
from pbm360.stream.run import run_stream
from tests.stream.conftest import home  # noqa: F401

TWO_EVENTS = """
    select min(message_id) as message_id from pbm_live.order_events where known_at >= timestamp '2026-11-19'
    group by source, event_id having count(*) = 1 order by message_id limit 2
"""
CELLS = """
    select minute_at, stage, pharmacy_id, event_count from pbm_replay_live.stage_minutes
    where pharmacy_id != '' and carrier = '' order by minute_at, stage, pharmacy_id
"""
MORE = "update pbm_replay_live.stage_minutes set event_count = event_count + 1 where {cell}"
GONE = "delete from pbm_replay_live.stage_minutes where {cell}"
CELL = "carrier = '' and minute_at = timestamp '{minute_at}' and stage = '{stage}' and pharmacy_id = '{pharmacy_id}'"
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


@pytest.fixture
def command(streamed, monkeypatch):
    """`pbm360 replay` over those days: its exit code, and what it says without the ends of lines."""
    monkeypatch.setattr(speed_layer, "running_settings", lambda: streamed[0])

    def run():
        result = CliRunner().invoke(app, ["replay", "--from", str(DAYS[0]), "--to", str(DAYS[1])])
        return result.exit_code, " ".join(result.output.split())

    return run


@pytest.mark.timeout(600)
def test_a_replay_is_identical_with_live_names_what_differs_and_is_identical_with_silver_after_a_build(
    streamed, command
):
    settings, warehouse = streamed
    before = replay(settings, *DAYS)
    assert (before.differences, before.event_count > 100, before.minute_count > 100) == ([], True, True)
    changed, gone = spoil_two_events_of_live(warehouse)
    exit_code, said = command()
    assert f"message {changed}: differs in stage " in said
    assert f"message {gone}: the replay accepts it, neither live nor silver holds its event" in said
    assert "2 differences" in said and exit_code == 1
    for day in DAYS:
        medallion.build(warehouse, day)
    warehouse.query("delete from pbm_live.order_events where true")  # as publishing does once days are old enough
    exit_code, said = command()
    assert f"{before.event_count:,} accepted" in said
    assert f"{before.minute_count:,} counts of a minute; 0 differences" in said and exit_code == 0
    datasets = {dataset.dataset_id for dataset in warehouse.client.list_datasets()}
    assert not any("replay" in name for name in datasets)


def spoil_two_events_of_live(warehouse):
    """Change one and delete one; returns their messages: they are named by message and column, never by value."""
    changed, gone = (row["message_id"] for row in warehouse.query(TWO_EVENTS).to_pylist())
    warehouse.query(
        "update pbm_live.order_events set stage = 'NOWHERE' where message_id = @detail", {"detail": changed}
    )
    warehouse.query("delete from pbm_live.order_events where message_id = @detail", {"detail": gone})
    return changed, gone


@pytest.mark.timeout(600)
def test_a_minute_that_a_replay_counts_otherwise_is_named_and_every_minute_of_an_old_day_is_counted(streamed):
    settings, warehouse = streamed
    scratch = scratch_warehouse(settings, REPLAY)
    scratch.create_tables()
    stream_bronze(warehouse, scratch.settings, DAYS[1])
    identical = compare_minutes(scratch)
    assert (identical.differences, identical.count > 50) == ([], True)
    first, *_, last = scratch.query(CELLS).to_pylist()
    scratch.query(MORE.format(cell=CELL.format(**first)))
    scratch.query(GONE.format(cell=CELL.format(**last)))
    assert [what for _, what in compare_minutes(scratch).differences] == [
        f"the replay counted {first['event_count'] + 1}, its events are {first['event_count']}",
        f"the replay counted 0, its events are {last['event_count']}",
    ]
    names = [of for of, _ in compare_minutes(scratch).differences]
    assert names[0] == f"minute {first['minute_at']:%Y-%m-%dT%H:%MZ} {first['stage']} {first['pharmacy_id']}"


def test_days_the_wrong_way_round_are_refused(settings):
    with pytest.raises(ValueError, match="the first day 2026-11-20 must not be after the last day 2026-11-19"):
        replay(settings, DAYS[1], DAYS[0])
