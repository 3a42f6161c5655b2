"""The page's head."""

import pytest

from pbm360.operations.desk import ReadFailure
from pbm360.widgets.page import PageHead
from tests.figures.order_frames import NOW

VIEW = {"as_of": NOW.isoformat(), "chips": [{"key": "stream"}]}


def test_the_page_is_told_the_moment_its_age_and_a_tick():
    head = PageHead("Operational Command Center", "Which?")
    head.show(VIEW, None)
    assert (head.as_of, head.tick, head.failure) == (NOW.isoformat(), 1, "")
    assert head.age_seconds > 0


def test_without_a_view_the_page_is_told_so_and_why():
    head = PageHead("", "")
    head.show(None, ReadFailure(NOW, "ServiceUnavailable"))
    assert (head.as_of, head.tick) == ("", 1)
    assert head.failure == "The warehouse has not answered since 2026-11-20 12:30:00 UTC (ServiceUnavailable)."


@pytest.mark.parametrize("content", [None, "beat", {"kind": "other"}, {}, ["beat"], {"kind": {"beat": 1}}])
def test_only_a_heartbeat_is_heard(content):
    head, heard = PageHead("", ""), []
    head.on_beat(lambda: heard.append(1))
    head._handle_custom_msg(content, [])
    assert heard == []
    head._handle_custom_msg({"kind": "beat"}, [])
    assert heard == [1]
