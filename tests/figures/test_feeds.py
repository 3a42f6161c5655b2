"""The feeds' table: a source that nobody hears stays in it, as silent."""

import pandas as pd

from pbm360.figures.feeds import SOURCE_NAMES, feed_rows
from tests.figures.order_frames import NOW


def test_a_source_that_was_not_heard_in_four_weeks_is_silent():
    columns = ["source", "last_known_at", "event_count_hour", "usual_count_hour"]
    rows = [("oms", pd.Timestamp(NOW), 0, 2.0), ("wms", pd.Timestamp(NOW), 3, None), ("iot", pd.NaT, 0, None)]
    found = feed_rows(pd.DataFrame(rows, columns=columns))
    assert [(row["source"], row["state"]) for row in found] == [
        (SOURCE_NAMES["oms"], "unknown"),
        (SOURCE_NAMES["wms"], "good"),
        (SOURCE_NAMES["iot"], "silent"),
    ]
    assert found[2]["heard_at"] is None and found[2]["usual_count_hour"] is None
