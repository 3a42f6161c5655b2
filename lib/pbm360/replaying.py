"""Stream bronze through the same pipeline again, into scratch datasets, and compare with what live and silver hold."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

from pbm360.comparing import Difference, compare_events, compare_minutes, compare_refusals
from pbm360.scratch import REPLAY, forget_scratch, scratch_warehouse
from pbm360.settings import Settings
from pbm360.stream.bronze import stream_bronze
from pbm360.warehouse import Warehouse


@dataclass
class ReplayReport:
    """What a replay found: counts of messages (deliveries), of events accepted and of messages refused.

    `minute_count`: rows of a minute, stage, pharmacy and carrier that it counted, day by day of knowledge.
    """

    message_count: int = 0
    event_count: int = 0
    refused_count: int = 0
    minute_count: int = 0
    differences: list[Difference] = field(default_factory=list)


def replay(
    settings: Settings,
    first_date: datetime.date,
    last_date: datetime.date,
    on_day: Callable[[datetime.date, ReplayReport], object] = lambda day, report: None,
) -> ReplayReport:
    """Replay every message known in [`first_date`, `last_date`] and compare, day by day; `on_day` hears of each day.

    The scratch datasets `<prefix>_replay_...` are made anew and dropped at the end; nothing else is written.
    """
    if first_date > last_date:
        raise ValueError(f"the first day {first_date} must not be after the last day {last_date}")
    origin = Warehouse(settings)
    scratch = scratch_warehouse(settings, REPLAY)
    report = ReplayReport()
    try:
        for offset in range((last_date - first_date).days + 1):
            day = first_date + datetime.timedelta(days=offset)
            _replay_day(origin, scratch, day, report)
            on_day(day, report)
    finally:
        forget_scratch(scratch)
    return report


def _replay_day(origin: Warehouse, scratch: Warehouse, day: datetime.date, report: ReplayReport) -> None:
    forget_scratch(scratch)
    scratch.create_tables()
    report.message_count += stream_bronze(origin, scratch.settings, day)
    events = compare_events(origin, scratch, day)
    refusals = compare_refusals(origin, scratch, day)
    minutes = compare_minutes(scratch)
    report.event_count += events.count
    report.refused_count += refusals.count
    report.minute_count += minutes.count
    report.differences += [*events.differences, *refusals.differences, *minutes.differences]
