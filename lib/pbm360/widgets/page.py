"""The page's head: title, how old the data are, the state of stream and batch, warnings, and the page's heartbeat."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from pbm360.figures.style import duration_text
from pbm360.snapshot_file import Snapshot, SnapshotFailure

BEAT_SECONDS = 2.0  # the page says so often that somebody looks at it
STALE_SECONDS = 10.0
QUIET_STREAM_SECONDS = 120.0  # heartbeats are written each minute


class PageHead(anywidget.AnyWidget):
    """Tells the page what it shows and hears its heartbeat. `tick` grows with each picture."""

    _esm = Path(__file__).with_name("page.js")
    title = traitlets.Unicode("").tag(sync=True)
    question = traitlets.Unicode("").tag(sync=True)
    as_of = traitlets.Unicode("").tag(sync=True)
    age_seconds = traitlets.Float(0.0).tag(sync=True)
    stale_after_seconds = traitlets.Float(STALE_SECONDS).tag(sync=True)
    beat_seconds = traitlets.Float(BEAT_SECONDS).tag(sync=True)
    failure = traitlets.Unicode("").tag(sync=True)
    chips = traitlets.List(traitlets.Dict()).tag(sync=True)
    tick = traitlets.Int(0).tag(sync=True)

    def on_beat(self, heard: Callable[[], None]) -> None:
        """Call `heard` at each heartbeat of the page; any other message is ignored."""

        def receive(_, content, __) -> None:
            if isinstance(content, dict) and content.get("kind") == "beat":
                heard()

        self.on_msg(receive)

    def show(self, snapshot: Snapshot | None, failure: SnapshotFailure | None) -> None:
        """Say what is shown now: a snapshot (None: there is none yet) and whether the last read failed."""
        with self.hold_sync():
            self.failure = failure_text(failure)
            if snapshot is not None:
                self.as_of = snapshot.as_of.isoformat()
                self.age_seconds = (datetime.datetime.now(datetime.UTC) - snapshot.as_of).total_seconds()
                self.chips = freshness_chips(snapshot)
            self.tick += 1


def failure_text(failure: SnapshotFailure | None) -> str:
    """Say that the warehouse could not be read; empty where it could."""
    if failure is None:
        return ""
    return f"The warehouse has not answered since {failure.failed_at:%H:%M:%S} UTC ({failure.kind})."


def freshness_chips(snapshot: Snapshot) -> list[dict]:
    """Return what the head says of the stream and the batch: key, state (good, quiet, bad), text and detail."""
    return [_stream_chip(snapshot), _batch_chip(snapshot)]


def _stream_chip(snapshot: Snapshot) -> dict:
    moments = [snapshot.freshness[name] for name in ("stream_event_at", "stream_beat_at")]
    known = [moment for moment in moments if moment is not None]
    if not known:
        return {"key": "stream", "state": "bad", "text": "Stream: no event yet", "detail": "Start it: pbm360 stream"}
    hours = (snapshot.as_of - max(known)).total_seconds() / 3600
    count = snapshot.freshness["events_last_minute"]
    is_quiet = hours * 3600 > QUIET_STREAM_SECONDS
    text = f"Stream quiet for {duration_text(hours)}" if is_quiet else f"Stream {count:,} events/min"
    last = f"last event or heartbeat {max(known):%Y-%m-%d %H:%M:%S} UTC"
    return {"key": "stream", "state": "quiet" if is_quiet else "good", "text": text, "detail": last}


def _batch_chip(snapshot: Snapshot) -> dict:
    day, published = snapshot.freshness["batch_date"], snapshot.freshness["batch_published_at"]
    if day is None or published is None:
        return {"key": "batch", "state": "quiet", "text": "Batch: no day yet", "detail": "Build one: pbm360 build"}
    days_behind = (snapshot.as_of.date() - day).days
    detail = f"published {published:%Y-%m-%d %H:%M:%S} UTC"
    state = "good" if days_behind <= 1 else "quiet"
    return {"key": "batch", "state": state, "text": f"Batch through {day:%d %b}", "detail": detail}
