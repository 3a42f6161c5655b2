"""The loop that lives as long as its page."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from pbm360.widgets import refresh
from pbm360.widgets.refresh import Refresher


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(refresh, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(refresh, "BEAT_PATIENCE_SECONDS", 0.05)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def run_alone(page) -> None:
    """Run a page in a thread of its own: a browser that other tests hold open has its loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, page()).result()


def test_nothing_is_read_before_the_first_heartbeat():
    shown = []
    refresher = Refresher(lambda: True, lambda: shown.append(1))
    assert not refresher.is_watching
    assert shown == []


def test_the_first_heartbeat_shows_at_once_even_without_news(quick):
    shown = []

    async def page():
        refresher = Refresher(lambda: False, lambda: shown.append(1))
        refresher.beat()
        await until(lambda: shown)

    run_alone(page)
    assert shown == [1]


def test_each_piece_of_news_is_shown_once(quick):
    news, shown = [], []

    async def page():
        refresher = Refresher(lambda: bool(news), lambda: shown.append(news.pop() if news else "first"))
        refresher.beat()
        await until(lambda: shown)
        news.append("second")
        await until(lambda: len(shown) == 2)

    run_alone(page)
    assert shown == ["first", "second"]


def test_the_loop_ends_when_the_heartbeats_end_and_begins_again_with_the_next(quick):
    shown = []

    async def page():
        refresher = Refresher(lambda: False, lambda: shown.append(1))
        refresher.beat()
        await until(lambda: not refresher.is_watching)
        assert shown == [1]
        refresher.beat()
        await until(lambda: len(shown) == 2)

    run_alone(page)


def test_many_heartbeats_run_one_loop(quick):
    shown = []

    async def page():
        refresher = Refresher(lambda: False, lambda: shown.append(1))
        for _ in range(5):
            refresher.beat()
        await until(lambda: not refresher.is_watching)

    run_alone(page)
    assert shown == [1]
