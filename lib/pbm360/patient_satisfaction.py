"""The Patient Satisfaction page: which panels it has, and how they are laid out.

As in the Command Center, a viewer's kernel only hands on what the one reading process has rendered.
"""

from __future__ import annotations

import ipywidgets

from pbm360.operations.desk import SATISFACTION_FAILURE_FILE, SATISFACTION_FILE, Desk, ViewMissing, desk_folder
from pbm360.satisfaction.pace import reading_pause
from pbm360.satisfaction.tables import COHORT_COLUMNS, COHORTS_TITLE
from pbm360.settings import Settings
from pbm360.widgets.layout import grid, page
from pbm360.widgets.page import PageHead
from pbm360.widgets.plot import PlotPanel
from pbm360.widgets.refresh import Refresher
from pbm360.widgets.table import TablePanel
from pbm360.widgets.tiles import KpiTiles

QUESTION = "What do patients say, what does it depend on, and could we have known?"
PLOTS = ("nps", "csat", "outcomes", "costs", "reasons", "warnings")
STALE_LOOKS = 4  # so many looks at the mark may fail before the page is called stale


class PatientSatisfaction:
    """One viewer's page. `refresh` shows the newest view; `page` is what Voilà renders."""

    def __init__(self, settings: Settings, *, stale_after_seconds: float = 20.0):
        self.desk = Desk(desk_folder(settings), SATISFACTION_FILE, SATISFACTION_FAILURE_FILE)
        stale_after = max(stale_after_seconds, STALE_LOOKS * reading_pause(settings))
        self.head = PageHead("Patient Satisfaction", QUESTION, stale_after)
        self.key_numbers = KpiTiles()
        self.plots = {key: PlotPanel(key=key) for key in PLOTS}
        self.cohorts = TablePanel("cohorts", COHORTS_TITLE, COHORT_COLUMNS)
        self.head.on_beat(Refresher(self.desk.has_news, self.refresh).beat)

    def page(self) -> ipywidgets.Box:
        """Lay out the page."""
        plots = self.plots
        return page(
            self.head,
            self.key_numbers,
            grid((plots["nps"], 7), (plots["csat"], 5)),
            grid((plots["outcomes"], 6), (plots["costs"], 6)),
            grid((plots["reasons"], 6), (plots["warnings"], 6)),
            grid((self.cohorts, 12)),
        )

    def refresh(self) -> None:
        """Show the newest view, and how old it is."""
        try:
            view = self.desk.view()
        except ViewMissing:
            view = None
        if view is not None:
            self.key_numbers.show(view["tiles"])
            self.cohorts.show(view["tables"]["cohorts"])
            for key, figure in view["figures"].items():
                self.plots[key].show(figure)
        self.head.show(view, self.desk.failure())
