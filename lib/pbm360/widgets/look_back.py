"""The time slider: any past moment of the last days."""

from __future__ import annotations

import datetime
from pathlib import Path

import anywidget
import traitlets

NOTE = "Move the slider: any moment of the last {days} days, as it was shown then and as it is known now"


class LookBack(anywidget.AnyWidget):
    """A slider; `moment` is the chosen instant (ISO 8601), empty for now."""

    _esm = Path(__file__).with_name("look_back.js")
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
        except ValueError:
            return ""
        return found.astimezone(datetime.UTC).isoformat() if found.tzinfo else ""

    def chosen(self) -> datetime.datetime | None:
        """Return the chosen instant (UTC), None for now."""
        return datetime.datetime.fromisoformat(self.moment) if self.moment else None

    def rest(self) -> None:
        """Say what the slider is for."""
        self.note = NOTE.format(days=self.days)
