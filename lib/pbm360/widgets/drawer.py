"""The drawer that tells one order's story: every event, when it was known, where it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget


class OrderDrawer(ShownWidget):
    """Shows an order's events while `order_id` is not empty."""

    _esm = Path(__file__).with_name("drawer.js")
    order_id = traitlets.Unicode("").tag(sync=True)
    facts = traitlets.Unicode("").tag(sync=True)
    moments = traitlets.List(traitlets.Dict()).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)

    def open_for(self, order_id: str) -> None:
        """Open the drawer for an order whose story is being asked for."""
        with self.hold_sync():
            self.order_id, self.facts, self.moments, self.rows = order_id, "", [], []
            self.note = "Asking the warehouse for its events …"

    def tell(self, story: dict) -> None:
        """Show an order's story: order_id, facts, moments, rows (operations.view.order_view)."""
        if story["order_id"] != self.order_id:
            return
        with self.hold_sync():
            self.facts, self.moments, self.rows = story["facts"], story["moments"], story["rows"]
            count = len(self.rows)
            said = f"{count:,} event{'s' if count > 1 else ''}, in the order in which they happened"
            self.note = said if count else "No event is known of it"

    def shut(self) -> None:
        """Close the drawer."""
        with self.hold_sync():
            self.order_id, self.facts, self.moments, self.note, self.rows = "", "", [], "", []

    def on_shut(self, heard: Callable[[], None]) -> None:
        """Call `heard` where the viewer closes the drawer."""
        self.on_msg(lambda _, content, __: content == {"kind": "close"} and heard())
