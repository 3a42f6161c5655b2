"""The table of orders that someone should act on."""

from __future__ import annotations

from pathlib import Path

import anywidget
import pandas as pd
import traitlets

from pbm360.figures.order_list import TITLE, order_rows


class OrderTable(anywidget.AnyWidget):
    """Shows the longest overdue orders and those that breach next; the viewer switches between the two."""

    _esm = Path(__file__).with_name("order_table.js")
    title = traitlets.Unicode(TITLE).tag(sync=True)
    overdue_rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    next_rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    overdue_count = traitlets.Int(0).tag(sync=True)
    next_count = traitlets.Int(0).tag(sync=True)

    def show(self, orders: pd.DataFrame, *, count: int) -> None:
        """Show the first `count` orders of each list; `orders` has the columns of sql/dashboards/orders.sql."""
        hours = orders.loc[orders["status"] == "open", "hours_to_breach"]
        with self.hold_sync():
            self.overdue_rows = order_rows(orders, overdue=True, count=count)
            self.next_rows = order_rows(orders, overdue=False, count=count)
            self.overdue_count = int((hours < 0).sum())
            self.next_count = int((hours >= 0).sum())
