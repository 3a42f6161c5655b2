"""The process view: the map of who follows whom, the ways that orders take, rework, what changed since last week."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, STATUSES, empty_figure, standing_alone, styled

FORWARD, BACK, NOT_ALLOWED = "#2f6fb3", "#b3261e", "#64748b"
KINDS = (("forward", FORWARD, "solid"), ("back: rework", BACK, "dash"), ("not allowed", NOT_ALLOWED, "dot"))
WIDEST = 14.0


def process_map(edges: pd.DataFrame, labels: dict[str, str], *, title: str, min_count: int = 1) -> go.Figure:
    """Draw the directly-follows map as arcs between stages: forward ones to the right, backward ones to the left.

    `edges` as from `process.directly_follows`; `labels` by stage. A line's width grows with the root of its count;
    a transition that the process does not allow is dotted.
    """
    shown = edges[edges["order_count"] >= min_count]
    if shown.empty:
        return empty_figure(title, "No transition is that frequent")
    places = _places(shown)
    figure, most = go.Figure(), shown["order_count"].max()
    for edge in shown.sort_values("order_count").itertuples():
        figure.add_trace(_arc(edge, places, labels, most))
    figure.add_scatter(
        x=[0] * len(places),
        y=list(places.values()),
        mode="markers",
        marker={"size": 9, "color": INK},
        hoverinfo="skip",
        showlegend=False,
    )
    for name, colour, dash in KINDS:
        line = {"color": colour, "width": 4, "dash": dash}
        figure.add_scatter(x=[None], y=[None], mode="lines", name=name, line=line)
    styled(figure, title, f"a line's width grows with its count; {len(shown)} of {len(edges)} transitions", height=720)
    standing_alone(figure)
    figure.update_xaxes(title_text="← back · stages between · forward →", showticklabels=False, showgrid=False)
    return figure.update_yaxes(
        title_text="stage, in the order of the process",
        title_standoff=16,
        autorange="reversed",
        tickvals=list(places.values()),
        ticktext=[labels.get(stage, stage) for stage in places],
        tickfont={"color": INK},
    )


def variant_bars(variants: pd.DataFrame, labels: dict[str, str], *, title: str, count: int = 8) -> go.Figure:
    """Draw the most frequent ways as bars with their cumulative share; `variants` as from `process.variants`."""
    if variants.empty:
        return empty_figure(title, "No order has finished yet")
    top = variants.head(count)
    names = [f"{number}. {_way(variant, labels)}" for number, variant in enumerate(top["variant"], start=1)]
    counts, shares = list(top["order_count"]), list(top["cumulative_share"])
    texts = [f" {count:,} · {share:.0%} with those above" for count, share in zip(counts, shares, strict=True)]
    figure = go.Figure(go.Bar(x=counts, y=names, orientation="h", text=texts, marker_color=FORWARD))
    figure.update_traces(textposition="outside", cliponaxis=False, textfont={"color": INK})
    styled(figure, title, f"{len(variants):,} different ways in all", height=110 + 54 * len(top))
    standing_alone(figure)
    figure.update_xaxes(title_text="finished orders", range=[0, float(top["order_count"].max()) * 1.7])
    return figure.update_yaxes(title_text="", autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 11})


def rework_heatmap(matrix: pd.DataFrame, labels: dict[str, str], *, title: str) -> go.Figure:
    """Draw how often orders went back: rows the stage left, columns the stage entered again."""
    if matrix.empty:
        return empty_figure(title, "Nothing was entered twice")
    figure = go.Figure(
        go.Heatmap(
            z=matrix.to_numpy().tolist(),
            x=[labels.get(stage, stage) for stage in matrix.columns],
            y=[labels.get(stage, stage) for stage in matrix.index],
            text=[[f"{value:,}" if value else "" for value in row] for row in matrix.to_numpy()],
            texttemplate="%{text}",
            colorscale=[[0, "#ffffff"], [1, "#5b7fa6"]],
            showscale=False,
        )
    )
    styled(figure, title, "orders that came back, counted by the step that led back", height=150 + 36 * len(matrix))
    standing_alone(figure)
    figure.update_xaxes(title_text="stage entered again", showgrid=False)
    return figure.update_yaxes(title_text="stage left", title_standoff=16, autorange="reversed", showgrid=False)


def change_bars(flow: pd.DataFrame, *, title: str, before: str, now: str) -> go.Figure:
    """Draw the open orders of each stage before and now; `flow` has the rows of sql/notebooks/stage_flow.sql."""
    figure = go.Figure()
    for name, column, colour in (
        (before, "open_count_before", STATUSES["untimed"].colour),
        (now, "open_count", FORWARD),
    ):
        values = [int(value) for value in flow[column]]
        figure.add_bar(
            name=name,
            y=list(flow["label"]),
            x=values,
            orientation="h",
            marker={"color": colour, "line": {"color": INK, "width": 0.6}},
            text=[f"{value:,}" for value in values],
            textposition="outside",
            cliponaxis=False,
        )
    styled(figure, title, height=120 + 30 * len(flow))
    standing_alone(figure).update_layout(barmode="group", bargap=0.2)
    figure.update_xaxes(title_text="open orders in the stage")
    return figure.update_yaxes(title_text="", autorange="reversed", showgrid=False, tickfont={"color": INK})


def _places(edges: pd.DataFrame) -> dict[str, int]:
    """Give each stage that is met a place, in the order of the process."""
    orders = dict(zip(edges["from_stage"], edges["from_order"], strict=True))
    orders |= dict(zip(edges["to_stage"], edges["to_order"], strict=True))
    return {stage: place for place, stage in enumerate(sorted(orders, key=orders.get))}


def _arc(edge, places: dict[str, int], labels: dict[str, str], most: int) -> go.Scatter:
    start, end = places[edge.from_stage], places[edge.to_stage]
    is_back = end < start
    bulge = abs(end - start) ** 0.8 * (-1 if is_back else 1)
    steps = [number / 24 for number in range(25)]
    colour = (BACK if is_back else FORWARD) if edge.is_allowed else NOT_ALLOWED
    dash = "dot" if not edge.is_allowed else ("dash" if is_back else "solid")
    names = f"{labels.get(edge.from_stage, edge.from_stage)} → {labels.get(edge.to_stage, edge.to_stage)}"
    waits = f"median {edge.median_hours:.1f} h, p90 {edge.p90_hours:.1f} h before"
    return go.Scatter(
        x=[round(bulge * 4 * step * (1 - step) / 2, 3) for step in steps],
        y=[round(start + (end - start) * (3 * step**2 - 2 * step**3), 3) for step in steps],
        mode="lines",
        line={"color": colour, "width": round(1 + WIDEST * (edge.order_count / most) ** 0.5, 1), "dash": dash},
        opacity=0.55,
        hoverinfo="text",
        text=f"{names}<br>{edge.order_count:,} times; {waits}",
        showlegend=False,
    )


def _way(variant: str, labels: dict[str, str]) -> str:
    stages = [labels.get(stage, stage) for stage in variant.split(" > ")]
    lines = ["", ""]
    for number, stage in enumerate(stages):
        lines[number * 2 // len(stages)] += f"{' › ' if number else ''}{stage}"
    return "<br>".join(line for line in lines if line)
