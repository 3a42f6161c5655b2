"""A card with one plotly figure that is updated in place; plotly.js is loaded once a page, not once a figure."""

from __future__ import annotations

from pathlib import Path

import anywidget
import plotly.graph_objects as go
import traitlets

PLOTLY_ADDRESS = "/voila/static/plotly.min.js"  # the dashboards' server serves plotly's own file there


class PlotPanel(anywidget.AnyWidget):
    """Shows a figure; `clicked` holds the point that the viewer clicked last: x, y and the trace's name."""

    _esm = Path(__file__).with_name("plot.js")
    key = traitlets.Unicode("").tag(sync=True)
    figure = traitlets.Unicode('{"data": [], "layout": {}}').tag(sync=True)
    plotly_address = traitlets.Unicode(PLOTLY_ADDRESS).tag(sync=True)
    clicked = traitlets.Dict().tag(sync=True)

    def show(self, figure: go.Figure) -> None:
        """Show a figure; one that is equal to what is shown costs no message."""
        self.figure = figure.to_json()
