"""The panel that says what changed since a shift began; the page itself adds up, in the viewer's zone."""

from __future__ import annotations

from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget

TITLE = "What changed since my shift began?"


class SincePanel(ShownWidget):
    """Adds up `figures.since.changes_by_step` since a moment that the viewer chooses."""

    _esm = Path(__file__).with_name("since.js")
    title = traitlets.Unicode(TITLE).tag(sync=True)
    changes = traitlets.Dict().tag(sync=True)

    def show(self, changes: dict) -> None:
        """Show the changes."""
        self.changes = changes
