"""A widget of whose traits the page may write a few, and of those only what they accept.

What a browser sends is not to be trusted: without this a page could write each trait that it is shown, the offers that
choices are held against included.
"""

from __future__ import annotations

import anywidget
import traitlets


class ShownWidget(anywidget.AnyWidget):
    """A widget that a page shows; `_writable` names the traits that the page may write."""

    _writable: frozenset[str] = frozenset()

    def set_state(self, sync_data: dict) -> None:
        """Take from what a page sent the traits that it may write; a value that they refuse changes nothing."""
        allowed = {name: value for name, value in sync_data.items() if name in self._writable}
        try:
            super().set_state(allowed)
        except traitlets.TraitError:
            self.log.warning("A page's value was refused: %s", ", ".join(allowed))
