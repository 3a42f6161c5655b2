"""A chart as plain JSON: what a page draws anew each second is put together without plotly's checks.

They cost more than everything else of a page's picture. `Chart.figure()` is the same chart as plotly's own figure, with
every property checked; the tests draw each chart that way.
"""

from __future__ import annotations

from typing import Any

import orjson
import plotly.graph_objects as go

Properties = dict[str, Any]


class Chart:
    """Traces and a layout, in plotly's terms. `data` and `layout` are plain lists and dicts."""

    def __init__(self) -> None:
        self.data: list[Properties] = []
        self.layout: Properties = {}

    def add_bar(self, **trace: Any) -> Chart:
        """Add a trace of bars."""
        return self._add(trace | {"type": "bar"})

    def add_scatter(self, **trace: Any) -> Chart:
        """Add a trace of points, lines or texts."""
        return self._add(trace | {"type": "scatter"})

    def add_vline(self, x: float, line: Properties) -> Chart:
        """Add an upright line from edge to edge, at a value of the x axis."""
        ends = {"x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
        return self.update_layout(shapes=[*self.layout.get("shapes", []), {"type": "line", "line": line, **ends}])

    def update_layout(self, **changes: Any) -> Chart:
        """Change properties of the layout; dicts are merged, whatever their depth."""
        self.layout = merged(self.layout, changes)
        return self

    def update_xaxes(self, **changes: Any) -> Chart:
        """Change properties of the x axis."""
        return self.update_layout(xaxis=changes)

    def update_yaxes(self, **changes: Any) -> Chart:
        """Change properties of the y axis."""
        return self.update_layout(yaxis=changes)

    def to_json(self) -> str:
        """Return the chart as the JSON that plotly.js draws."""
        return orjson.dumps({"data": self.data, "layout": self.layout}, option=orjson.OPT_SERIALIZE_NUMPY).decode()

    def figure(self) -> go.Figure:
        """Return the chart as a figure. Raises `ValueError` where a property isn't one of plotly's."""
        return go.Figure(self.data, self.layout | {"template": "none"})

    def _add(self, trace: Properties) -> Chart:
        self.data.append(trace)
        return self


def merged(base: Properties, changes: Properties) -> Properties:
    """Return `base` with the changes, dicts inside dicts likewise."""
    both = {
        key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in changes.items()
    }
    return base | both
