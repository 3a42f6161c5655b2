"""The commands that keep patients' privacy: erase one, rotate the key of the pseudonyms."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from pbm360.terminal import EXIT_NOT_POSSIBLE, console, errors, open_warehouse

app = typer.Typer()
SWITCH_ON_GCP = (
    "now let the next key be the key: `gcloud secrets versions add pbm360-pseudonym-key --data-file=-`, then start "
    "the stream and the schedule's workers anew"
)


@app.command(name="erase-patient")
def erase_patient(
    patient_id: Annotated[str, typer.Argument(help="the patient's id in the source systems; `-` reads it from stdin")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; an erasure can't be undone")] = False,
) -> None:
    """Erase one patient from every layer, order management and files made of them; says what only time removes."""
    from pbm360 import erasure

    patient_id = (sys.stdin.readline() if patient_id == "-" else patient_id).strip()
    warehouse = open_warehouse()
    if not yes:
        typer.confirm("Erase this patient from every layer? It can't be undone.", abort=True)
    report = erasure.erase_patient(warehouse, patient_id)
    table = Table("erased from", "rows")
    for name, count in report.rows.items():
        table.add_row(name, f"{count:,}")
    for name, count in report.order_management_rows.items():
        table.add_row(f"order management: {name}", f"{count:,}")
    table.add_row("files", f"{len(report.files):,}")
    console.print(table)
    console.print("what only time removes:")
    for line in report.left_to_time:
        console.print(f"  - {line}", highlight=False)
    if not report.row_count:
        console.print("no table held the patient; the tombstone stands, and turns back what comes in later")


@app.command(name="rotate-key")
def rotate_key() -> None:
    """Re-key every pseudonym with the next key (drain the stream first). Interrupted, ask for it again."""
    from pbm360 import rotation
    from pbm360.local import stack

    warehouse = open_warehouse()
    settings = warehouse.settings
    if settings.target == "local" and any(
        row.name == "stream" and row.state == "running" for row in stack.status(settings)
    ):
        errors.print("[red]error:[/red] the stream runs with the key that goes; `pbm360 speed-layer drain` stops it")
        raise typer.Exit(EXIT_NOT_POSSIBLE)
    if settings.target == "gcp" and not settings.next_pseudonym_key:
        errors.print("[red]error:[/red] PBM360_NEXT_PSEUDONYM_KEY must be set on gcp, from a new secret version")
        raise typer.Exit(EXIT_NOT_POSSIBLE)
    count = rotation.rotate_key(warehouse, settings.next_pseudonym_key or rotation.next_local_key(settings))
    console.print(f"  {count:,} pseudonyms re-keyed in every layer")
    if settings.target == "gcp" or settings.next_pseudonym_key:
        console.print(
            f"  {SWITCH_ON_GCP if settings.target == 'gcp' else 'set PBM360_PSEUDONYM_KEY to the next key now'}"
        )
    else:
        rotation.switch_local_key(settings)
        console.print("  the laptop's key is the new one; start the stream again")
