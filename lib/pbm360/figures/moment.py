"""A past moment, twice: the open orders by stage as they were shown then, and as it is known now that they were."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import INK, STATUSES, empty_chart, styled_chart

PICTURES = {"then": "What was shown then?", "now": "What is known now of then?"}
ROW_HEIGHT = 20


def count_moment(rows: pd.DataFrame, picture: str, stage_labels: list[str]) -> pd.DataFrame:
    """Count the open orders of a picture (`then` or `now`): index the stages' labels, a column a status.

    `rows` has the columns of sql/dashboards/moment.sql.
    """
    stages, risks = f"stage_label_{picture}", f"risk_{picture}"
    shown = rows[rows[stages].notna()]
    counts = pd.crosstab(shown[stages], shown[risks])
    labels = [*stage_labels, *(label for label in counts.index if label not in stage_labels)]
    return counts.reindex(index=labels, columns=list(STATUSES), fill_value=0)


def differing_count(rows: pd.DataFrame) -> int:
    """Count the orders that the two pictures place differently."""
    return int((rows["stage_label_then"].fillna("") != rows["stage_label_now"].fillna("")).sum())


def moment_board(rows: pd.DataFrame, picture: str, stage_labels: list[str], most: float) -> Chart:
    """Draw one picture's open orders by stage and status; `most` is the common end of the axis."""
    title = PICTURES[picture]
    counts = count_moment(rows, picture, stage_labels)
    height = ROW_HEIGHT * max(len(counts), 6) + 44
    total = int(counts.to_numpy().sum())
    if not total:
        return empty_chart(title, "No open orders then", height=height)
    chart = Chart()
    for status, style in STATUSES.items():
        if status == "untimed" and not counts[status].sum():
            continue
        chart.add_bar(
            orientation="h",
            name=style.legend,
            y=list(counts.index),
            x=[int(count) for count in counts[status]],
            marker={"color": style.colour, "line": {"color": "#ffffff", "width": 1}},
            hovertemplate=f"%{{y}}<br>{style.legend}: %{{x:,}}<extra></extra>",
        )
    totals = counts.sum(axis=1)
    chart.add_scatter(
        mode="text",
        y=list(counts.index),
        x=[int(value) for value in totals],
        text=[f" <b>{value:,}</b>" for value in totals],
        textposition="middle right",
        textfont={"color": INK},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    late = int(counts["breached"].sum())
    styled_chart(chart, title, f"{total:,} open · {late:,} breached ({late / total:.0%})", height=height)
    chart.update_layout(barmode="stack", bargap=0.24)
    chart.update_xaxes(title={"text": "open orders"}, range=[0, most * 1.15])
    return chart.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})


def moment_boards(rows: pd.DataFrame, stage_labels: list[str]) -> tuple[Chart, Chart]:
    """Draw both pictures over one scale."""
    most = max(float(count_moment(rows, name, stage_labels).sum(axis=1).max()) for name in PICTURES)
    return tuple(moment_board(rows, name, stage_labels, max(most, 1.0)) for name in PICTURES)
