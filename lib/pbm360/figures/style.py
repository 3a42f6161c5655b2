"""The look that all figures share: one colour and one sign a status, fonts, axes, the empty state."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.chart import Chart, merged

INK = "#1f2937"
MUTED = "#64748b"
GRID = "#e8ecf2"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


AXIS = re.compile(r"[xy]axis\d*")
AXIS_LOOK = {
    "gridcolor": GRID,
    "zeroline": False,
    "automargin": True,
    "fixedrange": True,
    "ticks": "",
    "tickfont": {"color": MUTED, "size": 12},
    "title": {"font": {"color": MUTED, "size": 12}},
}
LOOK = {
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "font": {"family": FONT, "size": 12, "color": INK},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "hoverlabel": {"font": {"family": FONT, "size": 12}},
    "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    "uirevision": "kept",  # zoom and hidden traces survive an update
}


@dataclass(frozen=True)
class Status:
    """How a state of an order is named, coloured and signed, everywhere alike."""

    label: str
    colour: str
    sign: str

    @property
    def legend(self) -> str:
        """The name with its sign, so that the colour is never alone."""
        return f"{self.sign} {self.label}"


# The three hues stay apart for each kind of colour blindness, and their lightness differs too.
STATUSES = {
    "breached": Status("Breached", "#b3261e", "■"),
    "at_risk": Status("At risk", "#f0a81c", "▲"),
    "on_track": Status("On track", "#7ea3cc", "●"),
    "untimed": Status("No limit", "#c9d1db", "○"),
}
SERIES = {"received": "#1f2937", "shipped": "#2f6fb3", "delivered": "#0d9488"}
CARRIER_NAMES = {"ups": "UPS", "fedex": "FedEx", "usps": "USPS", "courier": "Courier", "": "No carrier yet"}


def carrier_name(code: str | None) -> str:
    """Return a carrier's name for people; a code that is not known stays as it is."""
    return CARRIER_NAMES.get(code or "", code)


def duration_text(hours: float) -> str:
    """Write a duration of `hours` in the unit that people would use: minutes, hours or days."""
    size = abs(hours)
    if size < 1:
        return f"{hours * 60:.0f} min"
    if size < 48:
        return f"{hours:.1f} h"
    return f"{hours / 24:,.1f} d" if size < 2400 else f"{hours / 24:,.0f} d"


def instant_text(moment: datetime.datetime | None) -> str | None:
    """Write an instant to the second, ISO 8601; None where it is unknown (None or NaT).

    Tables hold instants and the page counts the hours, so that no row is sent because time has passed.
    """
    return None if pd.isna(moment) else moment.isoformat(timespec="seconds")


def styled(figure: go.Figure, title: str, subtitle: str = "", *, height: int = 260) -> go.Figure:
    """Give a figure the shared look. `title` is the question that the panel answers.

    The layout is put in place at once: plotly takes ten times as long for its parts one by one.
    """
    figure.layout = styled_layout(figure.layout.to_plotly_json(), title, subtitle, height) | {"template": "none"}
    return figure.update_layout(legend={"title": None})


def styled_chart(chart: Chart, title: str, subtitle: str = "", *, height: int = 260) -> Chart:
    """Give a chart the shared look."""
    chart.layout = styled_layout(chart.layout, title, subtitle, height)
    return chart


def styled_layout(layout: dict, title: str, subtitle: str, height: int) -> dict:
    """Return a layout with the shared look: on all its axes, and on the first two in any case."""
    axes = {"xaxis", "yaxis"} | {name for name in layout if AXIS.fullmatch(name)}
    look = LOOK | {"title": {"text": title, "subtitle": {"text": subtitle}}, "height": height}
    return merged(layout, look | dict.fromkeys(axes, AXIS_LOOK))


def empty_chart(title: str, message: str, *, height: int = 260) -> Chart:
    """Return a chart without data that says so."""
    chart = styled_chart(Chart(), title, height=height)
    font = {"color": MUTED, "size": 14}
    place = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    chart.update_layout(annotations=[{"text": message, "showarrow": False, "font": font, **place}])
    chart.update_layout(uirevision="empty")  # else plotly keeps its axes when the data come, upwards and not downwards
    hidden = {"visible": False, "automargin": False}  # else the margin of the chart before it pushes the text aside
    return chart.update_xaxes(**hidden).update_yaxes(**hidden)


def empty_figure(title: str, message: str, *, height: int = 260) -> go.Figure:
    """Return a figure without data that says so."""
    return empty_chart(title, message, height=height).figure()


def standing_alone(figure: go.Figure | Chart, *, height: int | None = None) -> go.Figure:
    """Give a figure room for its own title, which a panel shows elsewhere: title at the left, legend below."""
    figure = figure.figure() if isinstance(figure, Chart) else figure
    return figure.update_layout(
        height=height or figure.layout.height,
        margin={"l": 8, "r": 8, "t": 72, "b": 40},
        title={"x": 0, "xref": "container", "pad": {"l": 8}},
        legend={"x": 0, "xanchor": "left", "y": 0, "yanchor": "bottom", "yref": "container"},
    )
