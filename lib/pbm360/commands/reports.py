"""The command that opens the reports in Looker Studio."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pbm360.terminal import console

app = typer.Typer()


@app.command(name="looker-studio")
def looker_studio(
    template: Annotated[str, typer.Option(help="id of a report of your own to copy; without it a blank one")] = "",
    address_only: Annotated[bool, typer.Option(help="print the address and nothing else")] = False,
) -> None:
    """Print the address that opens a Looker Studio report on pbm_reporting, and the pages to lay out."""
    from pbm360.looker_studio import read_report, report_address
    from pbm360.settings import load_settings

    report = read_report()
    address = report_address(load_settings(), report, template)
    if address_only:
        print(address)
        return
    console.print(f"Open it as somebody who may read the dataset, then `Edit and share`:\n{address}\n", soft_wrap=True)
    for page, charts in report.pages.items():
        table = Table("chart", "title", "data source", "fields", "note", title=page, title_justify="left")
        for chart in charts:
            fields = "\n".join(f"{place}: {', '.join(names)}" for place, names in chart.fields.items())
            table.add_row(chart.kind, chart.title, chart.source, fields, chart.note)
        console.print(table)
