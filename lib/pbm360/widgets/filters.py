"""The filters of the Command Center. What is chosen stands in the page's address, so that a view can be shared."""

from __future__ import annotations

from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget


class FilterBar(ShownWidget):
    """Drop-downs over the values that occur. `chosen` maps a filter's key to a value that is offered, or is empty."""

    _esm = Path(__file__).with_name("filters.js")
    _writable = frozenset({"chosen"})
    filters = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Dict(key_trait=traitlets.Unicode(), value_trait=traitlets.Unicode()).tag(sync=True)

    @traitlets.validate("chosen")
    def _only_what_is_offered(self, proposal) -> dict[str, str]:
        """Drop whatever a page sends that no drop-down offers: messages from a browser are not to be trusted."""
        offered = {entry["key"]: {value for value, _ in entry["options"]} for entry in self.filters}
        return {key: value for key, value in proposal["value"].items() if value in offered.get(key, ())}

    def offer(self, filters: list[dict]) -> None:
        """Offer filters as `operations.choices.offers` has them.

        A choice stays, also where its value no longer occurs: a page on a wall that shows no order says so, and does
        not widen to all of them by itself.
        """
        labels = {(entry["key"], value): label for entry in self.filters for value, label in entry["options"]}
        self.filters = [_with_choice(entry, self.chosen.get(entry["key"]), labels) for entry in filters]

    def choose(self, key: str, value: str) -> None:
        """Choose a value of a filter, or take the choice back where it is chosen already."""
        rest = {name: chosen for name, chosen in self.chosen.items() if name != key}
        self.chosen = rest if self.chosen.get(key) == value else rest | {key: value}

    def choose_label(self, key: str, label: object) -> None:
        """Choose the value that a filter offers under a label; any other label is ignored."""
        for entry in self.filters:
            for value, name in entry["options"] if entry["key"] == key else ():
                if name == label:
                    self.choose(key, value)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the choices, ordered."""
        return tuple(sorted(self.chosen.items()))


def _with_choice(entry: dict, chosen: str | None, labels: dict[tuple[str, str], str]) -> dict:
    if chosen is None or any(value == chosen for value, _ in entry["options"]):
        return entry
    label = labels.get((entry["key"], chosen), chosen)
    return entry | {"options": [*entry["options"], [chosen, label]]}
