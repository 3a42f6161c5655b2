"""The Operational Command Center: which panels it has, what each shows of a view, and what a click does.

A viewer's kernel only hands on what the one reading process has rendered (`pbm360.operations`).
"""

from __future__ import annotations

import ipywidgets

from pbm360.operations.desk import PATIENCE_SECONDS, Desk, Question, QuestionError, ViewMissing, desk_folder
from pbm360.operations.tables import COLUMNS, TITLES
from pbm360.settings import Settings
from pbm360.widgets.drawer import OrderDrawer
from pbm360.widgets.filters import FilterBar
from pbm360.widgets.layout import columns, grid, page, stack
from pbm360.widgets.look_back import LookBack
from pbm360.widgets.page import PageHead
from pbm360.widgets.plot import PlotPanel
from pbm360.widgets.refresh import Refresher
from pbm360.widgets.since import SincePanel
from pbm360.widgets.table import TablePanel
from pbm360.widgets.tiles import KpiTiles

QUESTION = "Which orders are late or about to be, where, and what is to be done?"
PLOTS = ("stages", "throughput", "expected", "bottleneck", "ageing", "carriers", "cold_chain")
LOOK_BACK_DAYS = 14
UNANSWERED = f"The warehouse has not answered within {PATIENCE_SECONDS:.0f} s."
ORDER_UNANSWERED = f"{UNANSWERED} It is asked again …"
MOMENT_UNANSWERED = f"{UNANSWERED} To try again choose another moment, or “Back to now” and then this one."


class CommandCenter:
    """One viewer's page. `refresh` shows the newest view; `page` is what Voilà renders."""

    def __init__(self, settings: Settings, *, stale_after_seconds: float = 10.0):
        self.desk = Desk(desk_folder(settings))
        self.view: dict | None = None  # the newest of what everybody sees
        self.shown: dict | None = None  # what stands on the page: that, or a narrowed view
        self.shown_choices: tuple[tuple[str, str], ...] = ()
        is_quick = 2 * settings.snapshot_seconds <= stale_after_seconds
        stale_after = stale_after_seconds if is_quick else settings.snapshot_seconds + stale_after_seconds
        self.head = PageHead("Operational Command Center", QUESTION, stale_after)
        self.filters, self.key_numbers, self.since = FilterBar(), KpiTiles(), SincePanel()
        self.plots = {key: PlotPanel(key=key) for key in (*PLOTS, "then", "now")}
        self.tables = {key: TablePanel(key, TITLES[key], columns) for key, columns in COLUMNS.items()}
        self.drawer, self.look_back = OrderDrawer(), LookBack(LOOK_BACK_DAYS)
        self.past = grid((self.plots["then"], 6), (self.plots["now"], 6))
        self.past.layout.display = "none"
        self.refresher = Refresher(self.desk.has_news, self.refresh)
        self._listen()

    def page(self) -> ipywidgets.Box:
        """Lay out the page."""
        plots, tables = self.plots, self.tables
        return page(
            self.head,
            self.filters,
            self.key_numbers,
            columns(
                (
                    grid((plots["stages"], 5), (stack(tables["exceptions"], plots["throughput"]), 7)),
                    grid((plots["expected"], 4), (plots["bottleneck"], 4), (plots["ageing"], 4)),
                ),
                (
                    grid((tables["orders"], 12)),
                    grid((tables["foreseen"], 7), (tables["alerts"], 5)),
                    grid((tables["gaps"], 8), (plots["carriers"], 4)),
                ),
            ),
            grid((tables["feeds"], 5), (plots["cold_chain"], 4), (self.since, 3)),
            self.look_back,
            self.past,
            self.drawer,
        )

    def refresh(self) -> None:
        """Show the newest view, the answers that have come, and the page's own state."""
        try:
            self.view = self.desk.view()
        except ViewMissing:
            self.view = None
        for kind in self.desk.give_up():
            self._say_unanswered(kind)
        if self.view is not None:
            self.filters.offer(self.view["filters"])
            self._ask_anew()
            if not self.filters.chosen:
                self.show(self.view)
        for kind, answer in self.desk.take():
            self._show_answer(kind, answer)
        self._tell_head()

    def show(self, view: dict) -> None:
        """Show a view's numbers, figures and tables; what has not changed costs no message.

        The view is that of the present choices.
        """
        self.shown, self.shown_choices = view, self.filters.pairs()
        self.key_numbers.show(view["tiles"])
        self.since.show(view["changes"])
        for key, figure in view["figures"].items():
            self.plots[key].show(figure)
        for key, lists in view["tables"].items():
            self.tables[key].show(lists)

    def _show_answer(self, kind: str, answer: dict) -> None:
        if kind == "order":
            self.drawer.tell(answer)
        elif kind == "moment":
            for key, figure in answer["figures"].items():
                self.plots[key].show(figure)
            self.look_back.note = answer["note"]
            self.past.layout.display = ""
        elif self.filters.chosen:
            self.show(answer)

    def _say_unanswered(self, kind: str) -> None:
        """Say what a viewer waits for in vain; a narrowed view says so by its age."""
        if kind == "order":
            self.drawer.note = ORDER_UNANSWERED
        elif kind == "moment":
            self.look_back.note = MOMENT_UNANSWERED

    def _tell_head(self) -> None:
        """Tell the head how old the numbers on the page are, and whether they are those of the present choices."""
        is_busy = self.shown is not None and self.shown_choices != self.filters.pairs()
        self.head.show(self.shown, self.desk.failure(), is_busy=is_busy)

    def _ask_anew(self) -> None:
        """Ask for the narrowed view and the open order as of the newest picture; one question at a time."""
        version = self.view["as_of"]
        if self.filters.chosen and not self.desk.is_waiting("view"):
            self.desk.ask(Question("view", chosen=self.filters.pairs(), version=version))
        if self.drawer.order_id and not self.desk.is_waiting("order"):
            self.desk.ask(Question("order", self.drawer.order_id, version=version))

    def _listen(self) -> None:
        self.head.on_beat(self.refresher.beat)
        self.filters.observe(self._narrow, "chosen")
        self.plots["stages"].on_click(lambda label: self.filters.choose_label("stage", label))
        self.plots["carriers"].on_click(lambda label: self.filters.choose_label("carrier", label))
        self.tables["exceptions"].on_open(lambda kind: self.filters.choose("exception", kind))
        for key in ("orders", "gaps", "foreseen"):
            self.tables[key].on_open(self._open_order)
        self.drawer.on_shut(self._shut_order)
        self.look_back.observe(self._look_back, "moment")

    def _narrow(self, _) -> None:
        self.desk.forget("view")
        if self.view is not None and not self.filters.chosen:
            self.show(self.view)
        elif self.view is not None:
            self._ask_anew()
        self._tell_head()
        if self.look_back.moment:
            self._look_back(None)

    def _open_order(self, order_id: str) -> None:
        try:
            question = Question("order", order_id, version=self.view["as_of"] if self.view else "")
        except QuestionError:
            return
        self.drawer.open_for(order_id)
        self.desk.ask(question)

    def _shut_order(self) -> None:
        self.desk.forget("order")
        self.drawer.shut()

    def _look_back(self, _) -> None:
        self.desk.forget("moment")
        if not self.look_back.moment:
            self.past.layout.display = "none"
            self.look_back.rest()
            return
        try:
            minute = self.view["as_of"][:16] if self.view else ""  # an answer is not kept for longer than that
            self.desk.ask(Question("moment", self.look_back.moment, self.filters.pairs(), minute))
            self.look_back.note = "Asking the warehouse …"
        except QuestionError as error:
            self.look_back.note = str(error)
