"""What the forecast foresees and who was told: orders by their chance of missing the SLA, and the open alerts."""

from __future__ import annotations

import datetime

import pandas as pd

from pbm360.operations.expected_delivery import FORECAST_LASTS

SEVERITIES = ("critical", "high", "medium")


def foreseen_rows(risk: pd.DataFrame, as_of: datetime.datetime, *, count: int) -> list[dict]:
    """Return the `count` orders that are likeliest to miss an SLA that still lies ahead (sql/dashboards/risk.sql).

    One dict an order: order_id, p_miss_sla, due_at and eta_p90_at (ISO text, None where unknown or past), reason.
    """
    now = pd.Timestamp(as_of)
    ahead = risk[(risk["due_at"] > now) & (risk["p_miss_sla"] > 0)]
    worst = ahead.sort_values(["p_miss_sla", "order_id"], ascending=[False, True]).head(count)
    return [
        {
            "order_id": row.order_id,
            "p_miss_sla": round(float(row.p_miss_sla), 3),
            "due_at": row.due_at.isoformat(),
            "eta_p90_at": row.eta_p90_at.isoformat() if row.eta_p90_at >= now else None,
            "reason": row.reason_1 or "",
        }
        for row in worst.itertuples()
    ]


def forecast_words(risk: pd.DataFrame, as_of: datetime.datetime) -> str:
    """Say by what the forecast was made and when, and where it has drifted or is old."""
    if risk.empty:
        return "no forecast yet: pbm360 risk train, then pbm360 alerts watch"
    scored_at, version = risk["scored_at"].iloc[0], str(risk["model_version"].iloc[0])
    age = pd.Timestamp(as_of) - scored_at
    when = f"scored {scored_at:%d %b %H:%M} UTC" + (", older than an hour" if age > FORECAST_LASTS else "")
    if version.startswith("rule-"):
        return f"▲ the forecast has drifted: chances by the rule of today ({version.removeprefix('rule-')}); {when}"
    return f"by {version}; {when}"


def alert_rows(alerts: pd.DataFrame) -> list[dict]:
    """Return the open alerts (sql/dashboards/alerts.sql), the worst and oldest first, with who has each."""
    places = {severity: place for place, severity in enumerate(SEVERITIES)}
    found = alerts.assign(place=alerts["severity"].map(places)).sort_values(["place", "opened_at", "alert_id"])
    return [
        {
            "severity": row.severity,
            "message": f"{row.subject}: {row.message}",
            "owner": row.acknowledged_by or row.owner,
            "opened_at": row.opened_at.isoformat(),
        }
        for row in found.itertuples()
    ]
