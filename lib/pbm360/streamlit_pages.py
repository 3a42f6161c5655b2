"""What the Streamlit front shows: the views that the one reading process has rendered, and nothing of its own."""

from __future__ import annotations

import datetime
import json
import re

import plotly.graph_objects as go
import streamlit as st

from pbm360.figures.since import TITLE as SINCE_TITLE
from pbm360.operations.desk import SATISFACTION_FILE, VIEW_FILE, ViewMissing, desk_folder, read_view
from pbm360.operations.tables import COLUMNS, TITLES
from pbm360.satisfaction.pace import reading_pause
from pbm360.satisfaction.tables import COHORT_COLUMNS, COHORTS_TITLE
from pbm360.settings import load_settings
from pbm360.streamlit_tables import changes_of_spans, readable

STALE_READS = 4  # so many reads may fail before the numbers are called stale
LEAST_STALE_SECONDS = 10.0
OPERATIONS_ROWS = (("stages", "throughput"), ("expected", "bottleneck", "ageing"), ("carriers", "cold_chain"))
PATIENTS_ROWS = (("nps", "csat"), ("outcomes", "costs"), ("reasons", "warnings"))
OPERATIONS_TABLES = ("exceptions", "orders", "foreseen", "alerts", "gaps", "feeds")
TABLE_TITLES, TABLE_COLUMNS = TITLES | {"cohorts": COHORTS_TITLE}, COLUMNS | {"cohorts": COHORT_COLUMNS}
PAGES = {
    "Operations": (VIEW_FILE, "Operational Command Center", OPERATIONS_ROWS, OPERATIONS_TABLES),
    "Patients": (SATISFACTION_FILE, "Patient Satisfaction", PATIENTS_ROWS, ("cohorts",)),
}
# The figures' colours on a dark page, as in widgets/plot.js.
DARK_COLOURS = {
    "#1f2937": "#e5eaf1",
    "#64748b": "#9fb0c4",
    "#e8ecf2": "#2b3a4e",
    "#ffffff": "#172231",
    "#b3261e": "#f0857c",
    "#2f6fb3": "#6fa8dc",
    "#0d9488": "#3cc4b5",
    "#c9d1db": "#64748b",
    "#f0a81c": "#f0b84a",
}
SIGNS = {"good": ":green[●]", "quiet": ":orange[▲]", "bad": ":red[■]"}


def show() -> None:
    """Show the page that the viewer chose; it moves as often as the reading process writes."""
    settings = load_settings()
    st.set_page_config(page_title="PBM Logistics 360", layout="wide")
    chosen = st.segmented_control("Page", list(PAGES), default="Operations", label_visibility="collapsed")
    name, *parts = PAGES[chosen or "Operations"]
    pause = settings.snapshot_seconds if name == VIEW_FILE else reading_pause(settings)
    st.fragment(run_every=max(pause, 1.0))(show_view)(desk_folder(settings), name, *parts, STALE_READS * pause)


def show_view(folder, name: str, title: str, rows, tables, stale_seconds: float) -> None:
    """Show one rendered view: head, numbers, figures, tables; say so where there is none or it is old."""
    st.header(title, anchor=False)
    try:
        view = read_view(folder, name)
    except ViewMissing:
        st.warning("Waiting for the first read of the warehouse.")
        return
    show_age(view, max(stale_seconds, LEAST_STALE_SECONDS))
    for column, tile in zip(st.columns(len(view["tiles"])), view["tiles"], strict=True):
        column.metric(tile["label"], tile["text"], help=tile["detail"])
    for row in rows:
        for column, key in zip(st.columns(len(row)), row, strict=True):
            with column.container(border=True):
                show_figure(key, json.loads(in_theme(view["figures"][key])))
    as_of = datetime.datetime.fromisoformat(view["as_of"])
    for key in tables:
        show_table(key, view["tables"][key], as_of)
    if "changes" in view:
        st.markdown(f"**{SINCE_TITLE}**  \n:gray[counted from whole five minutes]")
        st.dataframe(changes_of_spans(view["changes"], as_of), hide_index=True, width="stretch")


def in_theme(figure: str) -> str:
    """Return a figure's JSON in the colours of the viewer's theme."""
    if st.context.theme.type != "dark":
        return figure
    return re.sub("#[0-9a-f]{6}", lambda found: DARK_COLOURS.get(found[0], found[0]), figure)


def show_age(view: dict, stale_seconds: float) -> None:
    """Say how old the numbers are, and what the batch and the stream stand at."""
    as_of = datetime.datetime.fromisoformat(view["as_of"])
    seconds = (datetime.datetime.now(datetime.UTC) - as_of).total_seconds()
    if seconds > stale_seconds:
        st.error(f"Stale: these numbers are {seconds:,.0f} s old, as of {as_of:%H:%M:%S} UTC.")
    chips = " · ".join(f"{SIGNS[chip['state']]} {chip['text']}" for chip in view["chips"])
    st.caption(f"Data as of {as_of:%Y-%m-%d %H:%M:%S} UTC · {chips} · all times are UTC")


def show_figure(key: str, figure: dict) -> None:
    """Draw a figure of the view; its title and subtitle stand above it, as on the other front."""
    title = figure["layout"].pop("title", {})
    st.markdown(f"**{title.get('text', '')}**  \n:gray[{title.get('subtitle', {}).get('text', '')}]")
    figure["layout"]["template"] = "none"  # else plotly's own look comes on top
    st.plotly_chart(go.Figure(figure), width="stretch", key=key, theme=None, config={"displayModeBar": False})


def show_table(key: str, lists: list[dict], as_of: datetime.datetime) -> None:
    """Show a table under the question that it answers, a tab a list; hours are counted to `as_of`."""
    title = f"**{TABLE_TITLES[key]}**"
    if len(lists) == 1:
        show_list(key, lists[0], as_of, f"{title}  \n")
        return
    st.markdown(title)
    for tab, each in zip(st.tabs([each["label"] for each in lists]), lists, strict=True):
        with tab:
            show_list(key, each, as_of)


def show_list(key: str, each: dict, as_of: datetime.datetime, title: str = "") -> None:
    """Show one list of a table, or what it says where it has no rows."""
    st.markdown(f"{title}:gray[{each['subtitle']}]")
    if each["rows"]:
        st.dataframe(readable(each["rows"], TABLE_COLUMNS[key], as_of), hide_index=True, width="stretch")
    else:
        st.caption(each["empty"])
