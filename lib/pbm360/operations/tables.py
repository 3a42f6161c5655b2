"""The tables of the Command Center, the same on both fronts: the question that each answers, and its columns.

A column is (name, label, kind); the kinds are those of `widgets/table.js`. Imports nothing: kernels read it.
"""

TITLES = {
    "orders": "Which orders need someone now?",
    "exceptions": "What is wrong, and what is to be done?",
    "gaps": "Who runs out of drug first?",
    "feeds": "Is every source being heard?",
    "foreseen": "Which orders will miss their SLA?",
    "alerts": "Who was told of what?",
}
COLUMNS = {
    "orders": (
        ("order_id", "Order", "open"),
        ("stage_label", "Stage", "text"),
        ("risk", "Time limit", "pill"),
        ("due_at", "To breach", "until"),
        ("entered_at", "In stage for", "since"),
        ("pharmacy", "Pharmacy", "text"),
        ("drug", "Drug", "text"),
        ("carrier", "Carrier", "text"),
        ("what", "What is wrong", "text"),
        ("action", "Next action", "text"),
    ),
    "exceptions": (
        ("severity", "Severity", "pill"),
        ("what", "What", "open"),
        ("order_count", "Orders", "number"),
        ("longest_since", "Longest in stage", "since"),
        ("action", "Next action", "text"),
    ),
    "gaps": (
        ("order_id", "Order", "open"),
        ("gap", "Supply", "pill"),
        ("slack_days", "Slack", "days"),
        ("drug", "Drug", "text"),
        ("stage_label", "Stage", "text"),
        ("runout_at", "Drug lasts until", "time"),
        ("eta_p90_at", "Expected by (p90)", "time"),
    ),
    "feeds": (
        ("source", "Source", "text"),
        ("state", "State", "pill"),
        ("heard_at", "Last heard", "since"),
        ("event_count_hour", "Events in the last hour", "number"),
        ("usual_count_hour", "Usually", "number"),
    ),
    "foreseen": (
        ("order_id", "Order", "open"),
        ("p_miss_sla", "Chance", "percent"),
        ("due_at", "SLA ends", "time"),
        ("eta_p90_at", "At the door by (p90)", "time"),
        ("reason", "Why", "text"),
    ),
    "alerts": (
        ("severity", "Severity", "pill"),
        ("message", "What", "text"),
        ("owner", "Whose", "text"),
        ("opened_at", "Since", "time"),
    ),
}
