"""The commands that review what the stream refused, and publish it again after a fix."""

from __future__ import annotations

import datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from pbm360.terminal import console, open_warehouse

app = typer.Typer()
dead_letter = typer.Typer(help="List, look at and replay the messages that the stream refused.")
app.add_typer(dead_letter, name="dead-letter")
Since = Annotated[
    datetime.datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="known on this day or later, UTC (default: the last 30 days)"),
]
Reason = Annotated[str, typer.Option("--reason", help="only this reason, e.g. unknown_type")]


@dead_letter.command(name="list")
def list_letters(
    since: Since = None,
    reason: Reason = "",
    max_rows: Annotated[int, typer.Option("--max", min=1, help="how many to show, newest last")] = 50,
) -> None:
    """List refused messages: reason, field at fault, where the raw message lies, what became of replays."""
    from pbm360.dead_letters import list_dead_letters

    letters = list_dead_letters(open_warehouse(), _first_date(since), reason or None)
    table = Table("message", "known", "source", Column("reason", no_wrap=True), "field", "replays", "status")
    for letter in letters[-max_rows:]:
        known, replays = str(letter.known_date), str(letter.replay_count or "")
        named = (letter.source or "", letter.reason_code, letter.detail or "")
        table.add_row(letter.message_id, known, *named, replays, letter.status)
    console.print(table)
    console.print(f"{len(letters):,} refused messages" + (f", {max_rows} shown" if len(letters) > max_rows else ""))


@dead_letter.command()
def show(
    message_id: Annotated[str, typer.Argument(help="message, as `list` names it")],
    since: Since = None,
    payload: Annotated[
        bool, typer.Option("--payload", help="also print the raw message, which may hold identifiers")
    ] = False,
) -> None:
    """Show one dead letter: why, when, and the raw message's place, size and attributes."""
    from pbm360.dead_letters import find_dead_letters, read_raw

    warehouse = open_warehouse()
    [letter] = find_dead_letters(warehouse, [message_id], _first_date(since))
    raw = read_raw(warehouse, [letter]).get(message_id)
    lines = {
        "reason": letter.reason_code + (f" ({letter.detail})" if letter.detail else ""),
        "status": letter.status + (f", {letter.replay_count} replays" if letter.replay_count else ""),
        "published": f"{letter.publish_time:%Y-%m-%d %H:%M:%S} UTC",
        "refused": f"{letter.refused_at:%Y-%m-%d %H:%M:%S} UTC",
        "raw message": f"pbm_bronze.raw_orders, known_date {letter.known_date}, message_id {message_id}",
        "size": f"{len(raw.payload):,} bytes" if raw else "gone: an erasure has taken it",
        "attributes": raw.attributes if raw else "",
    }
    for name, text in lines.items():
        console.print(f"  {name:<12} {text}", highlight=False, markup=False, soft_wrap=True)
    if payload and raw:
        print(raw.payload.decode(errors="backslashreplace"))


@dead_letter.command()
def replay(
    message_ids: Annotated[list[str] | None, typer.Argument(help="messages (none: all that are not accepted)")] = None,
    since: Since = None,
    reason: Reason = "",
) -> None:
    """Publish refused messages again, after a fix; what is known of when they were known stays."""
    from pbm360 import dead_letters

    warehouse, first_date = open_warehouse(), _first_date(since)
    if message_ids:
        letters = dead_letters.find_dead_letters(warehouse, message_ids, first_date)
    else:
        listed = dead_letters.list_dead_letters(warehouse, first_date, reason or None)
        letters = [letter for letter in listed if letter.status != "accepted"]
    sent = dead_letters.replay(warehouse, letters)
    days = sorted({str(message.known_date) for message in sent})
    console.print(f"  {len(sent):,} of {len(letters):,} messages published again", highlight=False)
    if days:
        console.print(f"  once the stream has landed them, `pbm360 catch-up` builds their days: {', '.join(days)}")


def _first_date(since: datetime.datetime | None) -> datetime.date:
    from pbm360.dead_letters import REVIEW_DAYS

    now = datetime.datetime.now(datetime.UTC)
    return since.date() if since else now.date() - datetime.timedelta(days=REVIEW_DAYS)
