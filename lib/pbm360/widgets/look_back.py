"""The time slider: any past moment of the last days."""

from __future__ import annotations

import datetime
from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget

NOTE = "Move the slider: any moment of the last {days} days, as it was shown then and as it is known now"


class LookBack(ShownWidget):
    """A slider; `moment` is the chosen instant (ISO 8601), empty for now."""

    _esm = Path(__file__).with_name("look_back.js")
    _writable = frozenset({"moment"})
    days = traitlets.Int(14).tag(sync=True)
    moment = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, days: int):
        super().__init__(days=days, note=NOTE.format(days=days))

    @traitlets.validate("moment")
    def _only_an_instant(self, proposal) -> str:
        """Take an instant with its offset or nothing: messages from a browser are not to be trusted."""
        try:
            found = datetime.datetime.fromisoformat(proposal["value"].replace("Z", "+00:00")[:40])
            return found.astimezone(datetime.UTC).isoformat() if found.tzinfo else ""
        except (ValueError, OverflowError):  # the year 1 has no earlier one
            return ""

    def chosen(self) -> datetime.datetime | None:
        """Return the chosen instant (UTC), None for now."""
        return datetime.datetime.fromisoformat(self.moment) if self.moment else None

    def rest(self) -> None:
        """Say what the slider is for."""
        self.note = NOTE.format(days=self.days)
