"""A card with one plotly figure that is updated in place; plotly.js is loaded once a page, not once a figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget

PLOTLY_ADDRESS = "/voila/static/plotly.min.js"  # the dashboards' server serves plotly's own file there


class PlotPanel(ShownWidget):
    """Shows a figure; what the viewer clicks can be heard."""

    _esm = Path(__file__).with_name("plot.js")
    key = traitlets.Unicode("").tag(sync=True)
    figure = traitlets.Unicode("").tag(sync=True)
    plotly_address = traitlets.Unicode(PLOTLY_ADDRESS).tag(sync=True)

    def show(self, figure: str) -> None:
        """Show a figure, plotly's JSON; one that is equal to what is shown costs no message."""
        self.figure = figure

    def on_click(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with the y value of a clicked point; whatever else a page sends is ignored."""

        def receive(_, content, __) -> None:
            if isinstance(content, dict) and content.get("kind") == "click" and isinstance(content.get("y"), str):
                heard(content["y"])

        self.on_msg(receive)
