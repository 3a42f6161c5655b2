"""Both fronts say the same: the words of each status, and values with their units."""

import datetime
import re
from pathlib import Path

from pbm360.figures.since import changes_by_step
from pbm360.streamlit_pages import DARK_COLOURS
from pbm360.streamlit_tables import WORDS, changes_of_spans, readable
from pbm360.widgets import plot, table
from tests.figures.order_frames import NOW, hours_ago, orders_frame

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


def test_each_colour_of_a_dark_chart_is_the_same_in_both_fronts():
    source = Path(plot.__file__).with_suffix(".js").read_text()
    (colours,) = re.findall(r"const DARK_COLOURS = \{(.*?)\};", source)
    assert dict(re.findall(r'"(#\w{6})": "(#\w{6})"', colours)) == DARK_COLOURS


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


def test_what_changed_is_counted_over_the_last_hours():
    received = [{"order_id": f"A{hours}", "received_at": hours_ago(hours)} for hours in (0.1, 1.0, 1.2, 7, 23, 25)]
    told = changes_of_spans(changes_by_step(orders_frame(*received), NOW), NOW)
    assert told[0] == {"What": "Orders received", "Last hour": "2", "Last 8 hours": "4", "Last 24 hours": "5"}
    assert len(told) == 9
