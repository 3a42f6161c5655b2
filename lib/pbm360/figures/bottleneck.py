"""The bottleneck of the hour: which stage lets less out than comes in, with the reason."""

from __future__ import annotations

import pandas as pd

from pbm360.figures.chart import Chart
from pbm360.figures.style import INK, SERIES, empty_chart, styled_chart
from pbm360.process import bottleneck_scores

TITLE = "Which stage holds the others up?"
ROWS = 6
LEAST_OPEN = 5  # a stage with fewer orders holds nobody up


def scored_stages(orders: pd.DataFrame, stage_flow: pd.DataFrame) -> pd.DataFrame:
    """Score the stages of 24 hours by `process.bottleneck_scores`, the worst first.

    Columns: stage_label, sla_hours, score, arrival_count, completion_count (24 h), open_count, p90_wait_hours.
    `orders` are the open orders that count, `stage_flow` as of sql/dashboards/stage_flow.sql.
    """
    open_stages = orders["stage"][orders["status"] == "open"]
    flow = stage_flow.set_index("stage")
    table = flow[["stage_label", "sla_hours", "p90_wait_hours"]].assign(
        arrival_count=flow["arrival_count_day"],
        completion_count=flow["completion_count_day"],
        open_count=open_stages.value_counts().reindex(flow.index, fill_value=0),
    )
    before = table["open_count"] - table["arrival_count"] + table["completion_count"]
    table["score"] = bottleneck_scores(table.assign(before_count=before))
    table = table[(table["open_count"] >= LEAST_OPEN) & (table["arrival_count"] > 0)]
    return table.sort_values(["score", "open_count"], ascending=False).reset_index()


def reason(row) -> str:
    """Say in a sentence why the stage is the bottleneck."""
    text = (
        f"{row.stage_label}: {row.arrival_count:,} came, {row.completion_count:,} left in 24 h; {row.open_count:,} wait"
    )
    if pd.notna(row.p90_wait_hours):
        text += f"; one in ten waited over {row.p90_wait_hours:.0f} h (allowed {row.sla_hours:g} h)"
    return text


def bottleneck_board(orders: pd.DataFrame, stage_flow: pd.DataFrame | None, *, is_of_all: bool = False) -> Chart:
    """Draw the stages with the highest scores; over 1 more comes in than goes out.

    `orders` are all orders, as the flow is that of all of them; `is_of_all` says so on a page that is narrowed.
    """
    if stage_flow is None:
        return empty_chart(TITLE, "Reading the flow of the last 24 hours …")
    table = scored_stages(orders, stage_flow).head(ROWS)
    if table.empty:
        return empty_chart(TITLE, "Nothing moved in 24 hours")
    chart = Chart()
    chart.add_bar(
        orientation="h",
        y=list(table["stage_label"]),
        x=[round(score, 2) for score in table["score"]],
        text=[
            f" <b>{row.score:.2f}</b>  {row.arrival_count:,} in, {row.completion_count:,} out"
            for row in table.itertuples()
        ],
        textposition="outside",
        constraintext="none",
        textfont={"color": INK},
        cliponaxis=False,
        marker={"color": [INK, *[SERIES["shipped"]] * (len(table) - 1)]},
        hovertemplate="%{y}: score %{x}<extra></extra>",
        showlegend=False,
    )
    chart.add_vline(x=1, line={"color": INK, "width": 1, "dash": "dash"})
    styled_chart(chart, TITLE, reason(next(table.itertuples())) + (" · of all orders" if is_of_all else ""))
    title = "in / out × growth × lateness, 24 h; over 1: it fills"
    chart.update_layout(bargap=0.42)
    chart.update_xaxes(title={"text": title}, range=[0, max(float(table["score"].max()) * 1.6, 1.6)])
    return chart.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})
