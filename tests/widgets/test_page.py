"""The page's head."""

import datetime

import pytest

from pbm360.snapshot_file import Snapshot, SnapshotFailure
from pbm360.widgets.page import PageHead, freshness_chips
from tests.figures.order_frames import NOW, STAGES, hours_ago, orders_frame

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


def test_the_page_is_told_the_moment_its_age_and_a_tick():
    head = PageHead(title="Operational Command Center")
    head.show(snapshot(), None)
    assert (head.as_of, head.tick, head.failure) == (NOW.isoformat(), 1, "")
    assert head.age_seconds > 0


def test_without_a_snapshot_the_page_is_told_so_and_why():
    head = PageHead()
    head.show(None, SnapshotFailure(NOW, "ServiceUnavailable"))
    assert (head.as_of, head.tick) == ("", 1)
    assert head.failure == "The warehouse has not answered since 12:30:00 UTC (ServiceUnavailable)."


@pytest.mark.parametrize("content", [None, "beat", {"kind": "other"}, {}, ["beat"], {"kind": {"beat": 1}}])
def test_only_a_heartbeat_is_heard(content):
    head, heard = PageHead(), []
    head.on_beat(lambda: heard.append(1))
    head._handle_custom_msg(content, [])
    assert heard == []
    head._handle_custom_msg({"kind": "beat"}, [])
    assert heard == [1]
