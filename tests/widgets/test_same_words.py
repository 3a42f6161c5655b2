"""Both fronts say the same: the words of each status, and values with their units."""

import datetime
import re
from pathlib import Path

from pbm360.streamlit_tables import WORDS, readable
from pbm360.widgets import table

AS_OF = datetime.datetime(2026, 11, 28, 13, 0, tzinfo=datetime.UTC)
COLUMNS = (
    ("order_id", "Order", "open"),
    ("risk", "Time limit", "pill"),
    ("breach_at", "To breach", "until"),
    ("entered_at", "In stage for", "since"),
    ("slack_days", "Slack", "days"),
    ("p_miss_sla", "Chance", "percent"),
    ("due_at", "SLA ends", "time"),
    ("count", "Orders", "number"),
)


def test_each_status_is_called_the_same_in_both_fronts():
    source = Path(table.__file__).with_suffix(".js").read_text()
    (signs,) = re.findall(r"const SIGNS = \{(.*?)\};", source, re.DOTALL)
    assert dict(re.findall(r'(\w+): "([^"]+)"', signs)) == WORDS


def test_a_row_has_labels_units_and_a_dash_where_nothing_is_known():
    row = {
        "order_id": "A1",
        "risk": "at_risk",
        "breach_at": "2026-11-27T01:30:00-05:00",
        "slack_days": -2.04,
        "p_miss_sla": 0.456,
    }
    row |= {"entered_at": "2026-11-28T12:15:00+00:00"}
    row |= {"due_at": "2026-11-28T13:05:00-06:00", "count": 1234, "unused": 1}
    assert readable([row, {"order_id": ""}], COLUMNS, AS_OF) == [
        {
            "Order": "A1",
            "Time limit": "▲ At risk",
            "To breach": "-30.5 h",
            "In stage for": "45 min",
            "Slack": "-2.0 d",
            "Chance": "46%",
            "SLA ends": "Sat 28 Nov, 19:05 UTC",
            "Orders": "1,234",
        },
        dict.fromkeys((label for _, label, _ in COLUMNS), "–"),
    ]
