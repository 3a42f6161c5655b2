"""The stage board: where the open orders are, and how many of them are late."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import INK, MUTED, STATUSES, empty_chart, styled_chart

TITLE = "Where are the open orders, and which are late?"
ROW_HEIGHT = 22


def count_by_stage(orders: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """Count open orders: index `stage_label` in the order of the process, a column a status, all stages present.

    `orders` has the grain and columns of sql/dashboards/orders.sql, `stages` those of stages.sql. Orders without a
    stage form a last row of their own.
    """
    open_orders = orders.loc[orders["status"] == "open", ["stage_label", "risk"]]
    counts = open_orders.groupby(["stage_label", "risk"]).size().unstack(fill_value=0)
    labels = [*stages["stage_label"], *(label for label in counts.index if label not in set(stages["stage_label"]))]
    return counts.reindex(index=labels, columns=list(STATUSES), fill_value=0)


def stage_board(orders: pd.DataFrame, stages: pd.DataFrame) -> Chart:
    """Draw the open orders of each stage as a bar of breached, at risk and on track."""
    counts = count_by_stage(orders, stages)
    height = ROW_HEIGHT * max(len(counts), 6) + 44
    if not counts.to_numpy().sum():
        return empty_chart(TITLE, "No open orders match", height=height)
    allowed = dict(zip(stages["stage_label"], stages["sla_hours"], strict=True))
    chart = Chart()
    for status, style in STATUSES.items():
        if status == "untimed" and not counts[status].sum():
            continue
        chart.add_bar(
            orientation="h",
            name=style.legend,
            y=list(counts.index),
            x=[int(count) for count in counts[status]],
            text=[f"{count:,}" if count else "" for count in counts[status]],
            marker={"color": style.colour, "line": {"color": "#ffffff", "width": 1}},
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"%{{y}}<br>{style.legend}: %{{x:,}}<extra></extra>",
        )
    totals = counts.sum(axis=1)
    chart.add_scatter(
        mode="text",
        y=list(counts.index),
        x=[int(total) for total in totals],
        text=[f"  <b>{total:,}</b>" if total else "  0" for total in totals],
        textposition="middle right",
        textfont={"color": INK},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    styled_chart(chart, TITLE, _subtitle(counts), height=height)
    chart.update_layout(barmode="stack", bargap=0.24, uniformtext={"minsize": 10, "mode": "hide"})
    chart.update_xaxes(title={"text": "open orders"}, rangemode="tozero", range=[0, float(totals.max()) * 1.17])
    return chart.update_yaxes(
        autorange="reversed",
        showgrid=False,
        tickvals=list(counts.index),
        ticktext=[_row_label(label, allowed.get(label)) for label in counts.index],
        tickfont={"color": INK, "size": 12},
    )


def _row_label(label: str, sla_hours: float | None) -> str:
    if sla_hours is None or pd.isna(sla_hours):
        return f"{label} "
    return f"{label} <span style='color:{MUTED};font-size:10px'>≤ {sla_hours:g} h</span> "


def _subtitle(counts: pd.DataFrame) -> str:
    total = int(counts.to_numpy().sum())
    parts = [f"{total:,} open"]
    for status in ("breached", "at_risk"):
        found = int(counts[status].sum())
        parts.append(f"{found:,} {STATUSES[status].label.lower()} ({found / total:.0%})")
    return " · ".join(parts)
