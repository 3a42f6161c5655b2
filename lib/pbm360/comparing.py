"""Compare what a replay made of a day's messages with what live and silver hold of them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import NamedTuple

from pbm360.domain.decode import COLUMNS
from pbm360.warehouse import Warehouse

SOURCE, EVENT_ID, MESSAGE_ID = (COLUMNS.index(name) for name in ("source", "event_id", "message_id"))
DUPLICATE = "duplicate"  # the batch's word for a second message of one event; the stream lands it and readers drop it


class Difference(NamedTuple):
    """One message that the replay sees otherwise: what differs, never a value of the message."""

    message_id: str
    what: str


class Comparison(NamedTuple):
    """How many rows the replay made, and which of them differ."""

    count: int
    differences: list[Difference]


def compare_events(origin: Warehouse, scratch: Warehouse, day: datetime.date) -> Comparison:
    """Compare the events of the messages known on a day, column by column.

    Every row of live and of silver must be among the replay's. A row of the replay that is in neither must be a copy of
    an event that is: silver holds one message an event.
    """
    replayed = _by_message(_event_rows(scratch, "live.order_events", day))
    held = [*_event_rows(origin, "live.order_events", day), *_event_rows(origin, "silver.stg_order_events", day)]
    expected = _by_message(held)
    differences = []
    for message_id, rows in expected.items():
        if message_id not in replayed:
            differences.append(Difference(message_id, "live or silver holds its event, the replay refuses it"))
        elif not rows <= replayed[message_id]:
            differences.append(Difference(message_id, f"differs in {_differing(rows, replayed[message_id])}"))
    extra = {message_id: rows for message_id, rows in replayed.items() if message_id not in expected}
    differences += _without_event(origin, extra, {(row[SOURCE], row[EVENT_ID]) for row in held})
    return Comparison(len(replayed), differences)


def compare_refusals(origin: Warehouse, scratch: Warehouse, day: datetime.date) -> Comparison:
    """Compare which of a day's messages are refused, and why, with the dead letters and with silver's refusals."""
    found = scratch.run("replay/dead_letters.sql", {"known_date": day}).to_pylist()
    replayed = {row["message_id"]: (row["reason_code"], row["detail"]) for row in found}
    held = origin.run("replay/refusals.sql", {"known_date": day}).to_pylist()
    differences = []
    for row in held:
        verdict = (row["reason_code"], row["detail"])
        if replayed.get(row["message_id"]) != verdict:
            now = replayed.get(row["message_id"], ("accepted", None))
            differences.append(Difference(row["message_id"], f"was refused ({verdict[0]}), the replay says {now[0]}"))
    known = {row["message_id"] for row in held}
    differences += [
        Difference(message_id, f"the replay refuses it ({reason}), nothing did before")
        for message_id, (reason, _) in replayed.items()
        if message_id not in known
    ]
    return Comparison(len(replayed), differences)


def _event_rows(warehouse: Warehouse, table: str, day: datetime.date) -> list[tuple]:
    following = day + datetime.timedelta(days=1)
    known_that_day = f"known_at >= '{day} 00:00:00+00' and known_at < '{following} 00:00:00+00'"
    rows = warehouse.read_table(table, COLUMNS, known_that_day)
    return list(zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True))


def _by_message(rows: list[tuple]) -> dict[str, set[tuple]]:
    found: dict[str, set[tuple]] = defaultdict(set)
    for row in rows:
        found[row[MESSAGE_ID]].add(row)
    return dict(found)


def _differing(rows: set[tuple], others: set[tuple]) -> str:
    row, other = min(rows - others, key=str), min(others, key=str)
    return ", ".join(name for name, a, b in zip(COLUMNS, row, other, strict=True) if a != b)


def _without_event(origin: Warehouse, extra: dict[str, set[tuple]], keys: set[tuple]) -> list[Difference]:
    """Return those of the replay's further rows whose event is held nowhere, neither that day nor another."""
    missing = {
        message_id: key
        for message_id, rows in extra.items()
        for key in [(row[SOURCE], row[EVENT_ID]) for row in rows][:1]
        if key not in keys
    }
    if not missing:
        return []
    ids = sorted({event_id for _, event_id in missing.values()})
    rows = origin.run("replay/held_events.sql", {"event_ids": ids}).to_pylist()
    held = {(row["source"], row["event_id"]) for row in rows}
    what = "the replay accepts it, neither live nor silver holds its event"
    return [Difference(message_id, what) for message_id, key in missing.items() if key not in held]
