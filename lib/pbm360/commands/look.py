"""The commands that look: rows of a query, runs of the batch."""

from __future__ import annotations

import csv
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from pbm360.terminal import console, open_warehouse

app = typer.Typer()
WHAT_IF_HEADINGS = {
    "picture": "",
    "order_count": "orders",
    "open_count": "open",
    "delivered_count": "deliv.",
    "on_time_percent": "on time %",
    "mean_turnaround_hours": "turn-around h",
    "mean_delivery_hours": "to door h",
    "sla_hours": "SLA h",
    "what_if_sla_hours": "what if SLA h",
    "visit_count": "visits",
    "breached_count": "over SLA",
    "what_if_visit_count": "what if visits",
    "what_if_breached_count": "what if over SLA",
}
RUN_COLUMNS = ("day", "status", "started", "seconds", "messages", "orders", "gates")


class OutputFormat(StrEnum):
    """How `query` prints its rows."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="GoogleSQL; datasets by their plain names, e.g. pbm_gold.dim_stages")],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="how to print the rows")] = OutputFormat.TABLE,
    max_rows: Annotated[int, typer.Option(help="rows that a table shows; json and csv print all")] = 100,
) -> None:
    """Run SQL and print its rows."""
    rows = open_warehouse().query(sql)
    if output_format == OutputFormat.JSON:
        for row in rows.to_pylist():
            print(json.dumps(row, default=str))
    elif output_format == OutputFormat.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(rows.column_names)
        writer.writerows(row.values() for row in rows.to_pylist())
    else:
        table = Table(*rows.column_names)
        for row in rows.slice(0, max_rows).to_pylist():
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        console.print(table)
        console.print(f"{rows.num_rows:,} rows" + (f", {max_rows} shown" if rows.num_rows > max_rows else ""))


@app.command()
def runs(
    max_runs: Annotated[int, typer.Option("--max", min=1, help="how many, newest first")] = 20,
    html: Annotated[Path | None, typer.Option(help="also write the newest run as a page for stakeholders")] = None,
) -> None:
    """List the batch runs: when, how long, how many rows, what the gates said, where the notebooks are."""
    from pbm360.run_page import write_run_page
    from pbm360.runs import executed_notebooks, list_runs

    warehouse = open_warehouse()
    found = list_runs(warehouse, max_runs)
    table = Table(*(Column(name, no_wrap=name != "gates") for name in RUN_COLUMNS))
    for run in found:
        table.add_row(
            str(run.run_date),
            run.status,
            f"{run.started_at:%m-%d %H:%M}",
            "" if run.duration_seconds is None else f"{run.duration_seconds:.1f}",
            *("" if count is None else f"{count:,}" for count in (run.new_message_count, run.touched_order_count)),
            run.gates,
        )
    console.print(table)
    if found:
        for address in executed_notebooks(warehouse.settings, found[0].run_date):
            console.print(f"  notebook of {found[0].run_date}: {address}", soft_wrap=True)
    if html:
        console.print(f"  page of the newest run: {write_run_page(warehouse, html)}", soft_wrap=True)


@app.command(name="what-if")
def what_if(
    sla: Annotated[list[str] | None, typer.Option(help="another SLA of a stage, STAGE=HOURS; may be repeated")] = None,
    without_carrier: Annotated[list[str] | None, typer.Option(help="leave a carrier's orders out; repeatable")] = None,
    as_of: Annotated[str, typer.Option(help="RFC 3339 instant whose past is asked (default: now)")] = "",
) -> None:
    """Ask of the replayed past what other SLAs, or the absence of a carrier, would have said."""
    from pbm360 import demo
    from pbm360.what_if import parse_slas, read_what_if

    moment = demo.instant(as_of)
    orders, stages = read_what_if(open_warehouse(), moment, parse_slas(sla or []), without_carrier or [])
    for title, rows in ((f"orders as of {moment:%Y-%m-%d %H:%M} UTC", orders), ("stages", stages)):
        console.print(_what_if_table(title, rows) if rows else f"{title}: none")


def _what_if_table(title: str, rows: list[dict]) -> Table:
    names = [name for name in rows[0] if name != "stage_order"]
    table = Table(*(Column(WHAT_IF_HEADINGS.get(name, name), justify="right") for name in names), title=title)
    for row in rows:
        changed = row.get("what_if_breached_count") != row.get("breached_count")
        texts = (
            "" if row[name] is None else f"{row[name]:,}" if isinstance(row[name], int) else str(row[name])
            for name in names
        )
        table.add_row(*texts, style="yellow" if changed else "")
    return table
