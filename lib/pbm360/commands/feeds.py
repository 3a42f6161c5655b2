"""The command that brings logs of one's own: propose a mapping, look at what it makes, publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pbm360.terminal import console, errors, progress_bar, running_settings

if TYPE_CHECKING:
    from pbm360.feeds.preview import Preview

app = typer.Typer()


@app.command(name="import")
def import_log(
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON (each also .gz) or Parquet")],
    mapping: Annotated[Path | None, typer.Option(help="YAML that says which column is what, or a shipped one")] = None,
    inspect: Annotated[bool, typer.Option("--inspect", help="publish nothing: propose a mapping, show events")] = False,
    out: Annotated[
        Path | None, typer.Option(help="where --inspect writes the mapping (default: to the screen)")
    ] = None,
    join: Annotated[list[Path] | None, typer.Option(help="a file that the mapping joins, if not beside FILE")] = None,
) -> None:
    """Turn a log of your own into events on the same topic. Unmapped types are refused before anything is sent."""
    from pbm360.feeds.errors import MappingError

    if inspect:
        inspect_log(file, mapping, out, join or [])
    elif mapping is None:
        raise MappingError(f"no mapping given: `pbm360 import --inspect {file} --out mapping.yaml` proposes one")
    else:
        publish_log(file, mapping, join or [])


def inspect_log(file: Path, mapping_file: Path | None, out: Path | None, join: list[Path]) -> None:
    """Write the mapping that is proposed (or take the one given) and show what it makes of the first rows."""
    from pbm360.feeds.columns import sample_log
    from pbm360.feeds.importer import find_mapping
    from pbm360.feeds.mapping import parse_mapping
    from pbm360.feeds.preview import preview_log
    from pbm360.feeds.proposal import propose

    if mapping_file:
        found = find_mapping(mapping_file, join)
    else:
        proposal = propose(sample_log(file))
        found = parse_mapping(proposal.content)
        if out:
            out.write_text(proposal.to_yaml(), encoding="utf-8")
        else:
            print(proposal.to_yaml(), end="")
    show_preview(preview_log(file, found))
    if not mapping_file:
        for question in proposal.questions:
            errors.print(f"  to decide: {escape(question)}", soft_wrap=True)
        errors.print(f"  then: `pbm360 import {file} --mapping {out or 'MAPPING'}`", soft_wrap=True)


def show_preview(preview: Preview) -> None:
    """Print the first events and rejects to standard error: standard output is the mapping's."""
    events = Table("time (UTC)", "type", "order", "source", "data", title="first events")
    for event in preview.events:
        events.add_row(*(escape(value) for value in event.values()))
    errors.print(events)
    if preview.rejects:
        rejects = Table("place", "reason", "value", title="first rejects")
        for reject in preview.rejects:
            rejects.add_row(*(escape(value) for value in reject.values()))
        errors.print(rejects)
    rows = f"{preview.row_count:,} rows" if preview.is_whole else f"the first {preview.row_count:,} rows"
    refused = ", ".join(f"{reason} {count:,}" for reason, count in preview.reject_counts.most_common())
    errors.print(
        f"  {rows}: {preview.event_count:,} events; rejects: {escape(refused) or 'none'}; nothing was published"
    )


def publish_log(file: Path, mapping_file: Path, join: list[Path]) -> None:
    """Check the whole log, then publish its events, with a bar for each."""
    from pbm360.feeds.importer import import_file

    settings = running_settings()
    with progress_bar() as progress:
        tasks: dict[str, object] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(f"{step} {escape(file.name)}")
            progress.update(tasks[step], completed=done, total=total)

        report = import_file(settings, file, mapping_file, tell, join=join)
    for line in report.lines():
        console.print(f"  {escape(line)}", soft_wrap=True)
