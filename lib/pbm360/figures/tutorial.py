"""Figures of the tutorial's later chapters: satisfaction by cohort, milestones of orders, coverage."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, SERIES, empty_figure, standing_alone, styled

BAR, PALE = "#2f6fb3", "#c9d1db"
MILESTONES = (("received_at", "received", "circle"), ("filled_at", "filled", "diamond"))
MILESTONES += (("shipped_at", "shipped", "square"), ("delivered_at", "delivered", "triangle-up"))


def nps_bars(cohorts: pd.DataFrame, *, title: str, cohort_title: str) -> go.Figure:
    """Draw the net promoter score of each cohort with its number of surveys.

    `cohorts` has the rows of sql/notebooks/satisfaction.sql. A suppressed cohort keeps its place and says so.
    """
    if cohorts.empty:
        return empty_figure(title, "No order has been delivered yet")
    shown = cohorts.astype({"nps": float, "survey_count": float})
    figure = go.Figure(
        go.Bar(
            x=[None if row.is_suppressed else row.nps for row in shown.itertuples()],
            y=list(shown["cohort"]),
            orientation="h",
            marker={"color": BAR, "line": {"color": INK, "width": 0.6}},
        )
    )
    # beside the axis, so that a cohort without a bar has its word, too
    figure.add_scatter(
        x=[max(row.nps, 0) if row.nps == row.nps else 0 for row in shown.itertuples()],
        y=list(shown["cohort"]),
        mode="text",
        text=[f"  {_score_text(row)}" for row in shown.itertuples()],
        textposition="middle right",
        textfont={"color": INK},
        showlegend=False,
        cliponaxis=False,
    )
    styled(figure, title, "share of 9 and 10 minus share of 0 to 6, in points", height=130 + 38 * len(shown))
    standing_alone(figure).update_layout(showlegend=False)
    figure.update_xaxes(title_text="net promoter score, points from -100 to 100", range=[-40, 135], zeroline=True)
    figure.update_yaxes(title_text=cohort_title, title_standoff=16, type="category", tickfont={"color": INK})
    return figure.update_yaxes(autorange="reversed", showgrid=False)


def _score_text(row) -> str:
    if row.is_suppressed:
        return "suppressed"
    return "no answers" if pd.isna(row.nps) else f"{row.nps:+.0f} (n = {row.survey_count:,.0f})"


def milestone_plot(orders: pd.DataFrame, *, title: str) -> go.Figure:
    """Draw when each order reached which milestone; `orders` has order_id and the milestones' `_at` columns (UTC)."""
    if orders.empty:
        return empty_figure(title, "No order matches")
    figure = go.Figure()
    for column, name, symbol in MILESTONES:
        reached = orders[orders[column].notna()]
        figure.add_scatter(
            x=[moment.isoformat() for moment in reached[column]],
            y=list(reached["order_id"]),
            mode="markers",
            name=name,
            marker={
                "size": 11,
                "symbol": symbol,
                "color": SERIES.get(name, "#7ea3cc"),
                "line": {"color": INK, "width": 1},
            },
        )
    styled(figure, title, height=170 + 34 * len(orders))
    standing_alone(figure)
    figure.update_xaxes(title_text="when it happened (UTC)", type="date")
    return figure.update_yaxes(title_text="order", title_standoff=16, autorange="reversed", tickfont={"color": INK})


def coverage_bars(coverage: pd.DataFrame, *, title: str) -> go.Figure:
    """Draw the share that is known of each measure; `coverage` has the rows of sql/notebooks/coverage.sql."""
    shares = [
        have / should if should else 0
        for have, should in zip(coverage["have_count"], coverage["should_count"], strict=True)
    ]
    texts = [
        f"  {share:.2%} of {should:,}" if should else "  none yet"
        for share, should in zip(shares, coverage["should_count"], strict=True)
    ]
    figure = go.Figure()
    for values, colour in ((shares, BAR), ([1 - share for share in shares], PALE)):
        bar = {"color": colour, "line": {"color": INK, "width": 0.6}}
        figure.add_bar(x=values, y=list(coverage["measure"]), orientation="h", marker=bar, showlegend=False)
    figure.add_scatter(
        x=[1] * len(texts), y=list(coverage["measure"]), mode="text", text=texts, textposition="middle right",
        textfont={"color": INK}, showlegend=False, cliponaxis=False,
    )  # fmt: skip
    styled(figure, title, height=140 + 34 * len(coverage))
    standing_alone(figure).update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(
        title_text="share that is known", tickformat=".0%", range=[0, 1.35], tickvals=[0, 0.25, 0.5, 0.75, 1]
    )
    return figure.update_yaxes(title_text="", autorange="reversed", showgrid=False, tickfont={"color": INK})
