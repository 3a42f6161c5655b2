"""Put widgets on the page's grid of twelve columns; the template's style sheet makes it fit any screen."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets


def grid(*cells: tuple[ipywidgets.Widget, int]) -> ipywidgets.Box:
    """Lay out `(widget, columns)` in rows of twelve columns; narrow screens stack them."""
    for widget, columns in cells:
        widget.add_class(f"span-{columns}")
    box = ipywidgets.Box([widget for widget, _ in cells])
    return box.add_class("grid")


def stack(*widgets: ipywidgets.Widget) -> ipywidgets.Box:
    """Lay out widgets one below another inside one cell of the grid."""
    return ipywidgets.Box(list(widgets)).add_class("stack")


def columns(*sides: Sequence[ipywidgets.Widget]) -> ipywidgets.Box:
    """Lay out rows side by side on a wall, so that it shows them at once; one below another on anything smaller."""
    boxes = [ipywidgets.Box(list(rows)).add_class("column") for rows in sides]
    return ipywidgets.Box(boxes).add_class("columns")


def page(*widgets: ipywidgets.Widget) -> ipywidgets.Box:
    """Lay out the whole page, top to bottom."""
    return ipywidgets.Box(list(widgets)).add_class("page")
