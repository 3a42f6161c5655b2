"""What patients say: NPS and CSAT week by week, by what happened to the order, and what a broken promise costs."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, MUTED, SERIES, STATUSES, empty_figure, styled

LINE, BAND, BARS = SERIES["shipped"], "rgba(47,111,179,0.16)", STATUSES["untimed"].colour
NPS_TITLE = "Would patients recommend us, and is it changing?"
CSAT_TITLE = "Are patients satisfied, and how many answer?"
OUTCOME_TITLE = "What does a broken promise do to it?"
COST_TITLE = "What costs us most goodwill?"
FEW = "No week has the answers of more than 10 patients yet"
FEW_WEEKS = 6


def nps_trend(weeks: pd.DataFrame) -> go.Figure:
    """Draw NPS week by week with its 95 % margin, above the number of surveys.

    `weeks`: the rows of cohort kind `all` by `scores.scored`, oldest first. A suppressed week is a hollow mark at the
    bottom; a week that is not over is hollow too, as its surveys are still to come.
    """
    shown = weeks[weeks["nps"].notna()]
    if shown.empty:
        return empty_figure(NPS_TITLE, FEW, height=320)
    figure = go.Figure()
    _band(figure, shown, "nps", "nps_margin")
    _line(figure, shown, "nps", "NPS", LINE, "%{y:+.0f} points, n = %{customdata:,}")
    bars = [0 if pd.isna(count) else int(count) for count in weeks["survey_count"]]
    figure.add_bar(
        x=_dates(weeks), y=bars, name="Surveys", yaxis="y2", marker={"color": BARS}, hovertemplate="%{y:,} surveys"
    )
    _hidden_weeks(figure, weeks)
    newest = _newest(shown)
    styled(figure, NPS_TITLE, f"{_week(newest)}: {newest.nps:+.0f} ± {newest.nps_margin:.0f} points", height=320)
    figure.update_layout(hovermode="x unified", bargap=0.5)
    figure.update_layout(
        yaxis2={
            "domain": [0, 0.22],
            "title": {"text": "surveys", "font": {"color": MUTED, "size": 12}},
            "rangemode": "tozero",
            "nticks": 3,
        }
    )
    figure.update_layout(yaxis2={"gridcolor": "rgba(0,0,0,0)", "tickfont": {"color": MUTED}, "automargin": True})
    figure.update_xaxes(_weekly(weeks)).update_xaxes(anchor="y2")
    lowest = float((shown["nps"] - shown["nps_margin"]).min())
    return figure.update_layout(
        yaxis={"domain": [0.3, 1], "title": {"text": "NPS, points"}, "range": [min(lowest - 5, 0), 105]}
    )


def csat_trend(weeks: pd.DataFrame) -> go.Figure:
    """Draw the satisfied share and the response rate week by week; `weeks` as for `nps_trend`."""
    shown = weeks[weeks["csat_share"].notna()]
    if shown.empty:
        return empty_figure(CSAT_TITLE, FEW, height=320)
    figure = go.Figure()
    _band(figure, shown, "csat_share", "csat_margin")
    _line(figure, shown, "csat_share", "Satisfied (4 or 5 of 5)", LINE, "%{y:.0%}, n = %{customdata:,}")
    answered = weeks[weeks["response_rate"].notna()]
    _line(figure, answered, "response_rate", "Surveys answered", INK, "%{y:.0%} of deliveries", dash="dot")
    newest = _newest(shown)
    said = f"{_week(newest)}: {newest.csat_share:.0%} ± {100 * newest.csat_margin:.0f} points satisfied"
    styled(figure, CSAT_TITLE, said, height=320).update_layout(hovermode="x unified")
    figure.update_xaxes(_weekly(weeks))
    return figure.update_yaxes(title_text="share", tickformat=".0%", range=[0, 1.04])


def outcome_bars(outcomes: pd.DataFrame) -> go.Figure:
    """Draw NPS by what happened to the order, with margins and n; `outcomes` by `scores.cohorts(..., "outcome")`."""
    if outcomes["nps"].isna().all():
        return empty_figure(OUTCOME_TITLE, FEW, height=320)
    shown = outcomes.sort_values("nps", ascending=False, na_position="last")
    kept = [
        STATUSES["on_track"].colour if name == "as promised" else STATUSES["at_risk"].colour for name in shown["cohort"]
    ]
    values = [None if pd.isna(value) else float(value) for value in shown["nps"]]
    margins = [0.0 if pd.isna(value) else float(value) for value in shown["nps_margin"]]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=list(shown["cohort"]),
            orientation="h",
            marker={"color": kept, "line": {"color": INK, "width": 0.5}},
            error_x={"type": "data", "array": margins, "color": INK, "thickness": 1.2, "width": 4},
            hovertemplate="%{y}: %{x:+.0f} points<extra></extra>",
            showlegend=False,
        )
    )
    right = max([value + margin for value, margin in zip(values, margins, strict=True) if value is not None] + [0])
    figure.add_scatter(
        x=[right + 4] * len(shown),
        y=list(shown["cohort"]),
        mode="text",
        text=[_score_text(row) for row in shown.itertuples()],
        textposition="middle right",
        textfont={"color": INK},
        hoverinfo="skip",
        cliponaxis=False,
        showlegend=False,
    )
    styled(figure, OUTCOME_TITLE, "NPS by what happened to the order, with 95 % margin", height=320)
    least = min([value - margin for value, margin in zip(values, margins, strict=True) if value is not None] + [0])
    figure.update_xaxes(title_text="NPS, points", range=[least - 4, right + 70], zeroline=True, zerolinecolor=MUTED)
    return figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})


def cost_bars(costs: pd.DataFrame) -> go.Figure:
    """Draw how many points of NPS each outcome costs; `costs` by `scores.goodwill_cost`."""
    if costs.empty:
        return empty_figure(COST_TITLE, "Too few answers after a broken promise yet", height=320)
    texts = [
        f"  <b>{row.points:.1f}</b>  {row.survey_share:.0%} of answers at {row.nps:+.0f}" for row in costs.itertuples()
    ]
    figure = go.Figure(
        go.Bar(
            x=[float(value) for value in costs["points"]],
            y=list(costs["cohort"]),
            orientation="h",
            text=texts,
            textposition="outside",
            textfont={"color": INK},
            cliponaxis=False,
            marker={"color": STATUSES["breached"].colour, "line": {"color": INK, "width": 0.5}},
            hovertemplate="%{y}: %{x:.1f} points<extra></extra>",
        )
    )
    said = f"{costs['points'].sum():.1f} points of NPS below what kept promises alone would bring"
    styled(figure, COST_TITLE, said, height=320).update_layout(bargap=0.9 - 0.5 * min(len(costs), 5) / 5)
    most = float(max(costs["points"].max(), 1.0))
    figure.update_xaxes(title_text="NPS, points lost", range=[min(float(costs["points"].min()), 0), most * 2.1])
    return figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})


def _dates(weeks: pd.DataFrame) -> list[str]:
    return [str(date)[:10] for date in weeks["week_date"]]


def _weekly(weeks: pd.DataFrame) -> dict:
    """Return an axis of weeks; few are named one by one, else plotly goes down to their hours."""
    named = _dates(weeks) if len(weeks) <= FEW_WEEKS else None
    return {"type": "date", "title_text": "week of delivery, from its Monday", "tickformat": "%d %b", "tickvals": named}


def _newest(weeks: pd.DataFrame) -> pd.Series:
    whole = weeks[weeks["is_whole_week"].astype(bool)]
    return (whole if len(whole) else weeks).iloc[-1]


def _week(row: pd.Series) -> str:
    return f"Week{'' if row.is_whole_week else ' (not over)'} from {pd.Timestamp(row.week_date):%d %b}"


def _score_text(row) -> str:
    return "too few answers" if pd.isna(row.nps) else f"{row.nps:+.0f}  (n = {int(row.survey_count):,})"


def _band(figure: go.Figure, weeks: pd.DataFrame, value: str, margin: str) -> None:
    high = [float(number) for number in weeks[value] + weeks[margin]]
    low = [float(number) for number in weeks[value] - weeks[margin]]
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=_dates(weeks), y=high, **edge)
    figure.add_scatter(x=_dates(weeks), y=low, fill="tonexty", fillcolor=BAND, **edge)


def _line(figure: go.Figure, weeks: pd.DataFrame, value: str, name: str, colour: str, said: str, dash="solid") -> None:
    symbols = ["circle" if whole else "circle-open" for whole in weeks["is_whole_week"]]
    figure.add_scatter(
        x=_dates(weeks),
        y=[float(number) for number in weeks[value]],
        customdata=[int(count) for count in weeks["survey_count"]],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2.2, "dash": dash},
        marker={"size": 8, "symbol": symbols, "color": colour},
        hovertemplate=said,
    )


def _hidden_weeks(figure: go.Figure, weeks: pd.DataFrame) -> None:
    hidden = weeks[weeks["is_suppressed"].astype(bool)]
    if len(hidden):
        figure.add_scatter(
            x=_dates(hidden),
            y=[0] * len(hidden),
            yaxis="y2",
            mode="markers",
            name="○ Too few to show",
            marker={"symbol": "x-thin", "size": 8, "line": {"color": MUTED, "width": 1.6}},
            hovertemplate="10 answers or fewer: not shown",
        )
