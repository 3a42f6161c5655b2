"""A table in a card: one list or several that the viewer switches between; a row can be opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget

LONGEST_MESSAGE = 300  # characters of what a page may say it opened


class TablePanel(ShownWidget):
    """Shows lists of rows (dicts by column). A column is (name, label, kind); kinds are those of table.js.

    `open`: the row's id, which can be clicked; `pill`: a status; `duration` and `hours`: hours; `days`; `number`;
    `time`: ISO 8601; `since` and `until`: ISO 8601, told as the time between it and the page's newest picture; `text`.
    """

    _esm = Path(__file__).with_name("table.js")
    key = traitlets.Unicode("").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    lists = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, key: str, title: str, columns: Sequence[tuple[str, str, str]]):
        described = [{"name": name, "label": label, "kind": kind} for name, label, kind in columns]
        super().__init__(key=key, title=title, columns=described)

    def show(self, lists: list[dict]) -> None:
        """Show lists: each has key, label (of its button), subtitle, rows and what is said where there are none."""
        self.lists = lists

    def on_open(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with the order or kind whose row the viewer opened; whatever else a page sends is ignored."""

        def receive(_, content, __) -> None:
            if isinstance(content, dict) and content.get("kind") == "open":
                what = content.get("what")
                if isinstance(what, str) and 0 < len(what) <= LONGEST_MESSAGE:
                    heard(what)

        self.on_msg(receive)
