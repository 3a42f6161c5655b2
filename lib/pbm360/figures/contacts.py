"""Why patients call and complain, and how long before their call the data had warned."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from pbm360.figures.style import INK, SERIES, STATUSES, empty_figure, styled

REASON_TITLE = "Why do patients call or complain?"
WARNING_TITLE = "How long before the call did the data warn?"
KINDS = (("call", "Calls", STATUSES["on_track"].colour), ("complaint", "Complaints", STATUSES["breached"].colour))
CLAIM = ("excursion_claimed", "Claims of spoilt drug", STATUSES["at_risk"].colour)
FEW = "No reason was named by more than 10 patients in a week yet"


def reason_bars(contact_weeks: pd.DataFrame) -> go.Figure:
    """Draw calls, complaints and claims by reason; `contact_weeks` has the rows of sql/dashboards/contact_weeks.sql.

    Only the weeks that may be shown are counted; the subtitle says in how many cells numbers are held back.
    """
    shown = contact_weeks[~contact_weeks["is_suppressed"].astype(bool)]
    if shown.empty:
        return empty_figure(REASON_TITLE, FEW, height=320)
    table = shown.pivot_table(index="reason", columns="contact_kind", values="contact_count", aggfunc="sum").fillna(0)
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index]
    figure = go.Figure()
    for kind, label, colour in (*KINDS, CLAIM):
        if kind in table:
            figure.add_bar(
                name=label,
                x=[int(count) for count in table[kind]],
                y=[reason.replace("_", " ") for reason in table.index],
                orientation="h",
                marker={"color": colour, "line": {"color": INK, "width": 0.5}},
                hovertemplate="%{y}: %{x:,} " + label.lower() + "<extra></extra>",
            )
    hidden = int(contact_weeks["is_suppressed"].sum())
    said = f"{int(table.to_numpy().sum()):,} contacts · {hidden:,} of {len(contact_weeks):,} weekly cells held back"
    styled(figure, REASON_TITLE, said, height=320).update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(title_text="contacts")
    return figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": INK, "size": 12})


def warning_trend(warning_weeks: pd.DataFrame) -> go.Figure:
    """Draw the median hours between the first sign and the call, with the share of calls that a sign came before.

    `warning_weeks` has the rows of sql/dashboards/warning_weeks.sql. A sign is a stage that outlasted its SLA, an
    exception, or a failed delivery attempt.
    """
    shown = warning_weeks[~warning_weeks["is_suppressed"].astype(bool) & warning_weeks["median_lead_hours"].notna()]
    if shown.empty:
        return empty_figure(WARNING_TITLE, "No week has more than 10 calls with and without a sign yet", height=320)
    dates = [str(date)[:10] for date in shown["week_date"]]
    shares = [warned / called for warned, called in zip(shown["warned_count"], shown["call_count"], strict=True)]
    texts = [f"{share:.0%}" for share in shares]
    figure = go.Figure(
        go.Bar(
            x=dates,
            y=[float(hours) for hours in shown["median_lead_hours"]],
            text=texts,
            textposition="outside",
            textfont={"color": INK, "size": 11},
            textangle=0,
            constraintext="none",
            cliponaxis=False,
            marker={"color": SERIES["shipped"]},
            customdata=[int(count) for count in shown["call_count"]],
            hovertemplate="%{y:.0f} h before the call (median), %{customdata:,} orders<extra></extra>",
        )
    )
    warned, called = int(shown["warned_count"].sum()), int(shown["call_count"].sum())
    said = f"a sign came before {warned:,} of {called:,} first calls ({warned / called:.0%}); on the bars: share warned"
    styled(figure, WARNING_TITLE, said, height=320).update_layout(bargap=0.45)
    figure.update_xaxes(type="date", title_text="week of the call, from its Monday", tickvals=dates, tickformat="%d %b")
    most = float(shown["median_lead_hours"].max())
    return figure.update_yaxes(title_text="median hours from the sign to the call", range=[0, most * 1.18])
