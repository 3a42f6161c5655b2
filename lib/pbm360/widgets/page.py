"""The page's head: title, how old the data are, the state of stream and batch, warnings, and the page's heartbeat."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import traitlets

from pbm360.operations.desk import ReadFailure
from pbm360.widgets.writable import ShownWidget

BEAT_SECONDS = 3.0  # the page says so often that somebody looks at it
STALE_SECONDS = 10.0


class PageHead(ShownWidget):
    """Tells the page what it shows and hears its heartbeat. `tick` grows with each picture.

    `busy`: the numbers on the page are not yet those of the choices that were made.
    """

    _esm = Path(__file__).with_name("page.js")
    title = traitlets.Unicode("").tag(sync=True)
    question = traitlets.Unicode("").tag(sync=True)
    as_of = traitlets.Unicode("").tag(sync=True)
    age_seconds = traitlets.Float(0.0).tag(sync=True)
    stale_after_seconds = traitlets.Float(STALE_SECONDS).tag(sync=True)
    beat_seconds = traitlets.Float(BEAT_SECONDS).tag(sync=True)
    failure = traitlets.Unicode("").tag(sync=True)
    chips = traitlets.List(traitlets.Dict()).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    tick = traitlets.Int(0).tag(sync=True)

    def __init__(self, title: str, question: str, stale_after_seconds: float = STALE_SECONDS):
        super().__init__(title=title, question=question, stale_after_seconds=stale_after_seconds)

    def on_beat(self, heard: Callable[[], None]) -> None:
        """Call `heard` at each heartbeat of the page, which is answered; any other message is ignored."""

        def receive(_, content, __) -> None:
            if isinstance(content, dict) and content.get("kind") == "beat":
                self.send({"kind": "heard"})
                heard()

        self.on_msg(receive)

    def show(self, view: dict | None, failure: ReadFailure | None, *, is_busy: bool = False) -> None:
        """Say what is shown now: a view (None: there is none yet), whether the last read failed, and whether the view
        of the present choices has yet to come."""
        with self.hold_sync():
            self.failure, self.busy = failure_text(failure), is_busy
            if view is not None:
                self.as_of = view["as_of"]
                age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(view["as_of"])
                self.age_seconds = age.total_seconds()
                self.chips = view["chips"]
            self.tick += 1


def failure_text(failure: ReadFailure | None) -> str:
    """Say that the warehouse could not be read; empty where it could."""
    if failure is None:
        return ""
    return f"The warehouse has not answered since {failure.failed_at:%Y-%m-%d %H:%M:%S} UTC ({failure.kind})."
