"""Correct the emulator where it departs from BigQuery. One module a subject; `install` applies them all."""

from __future__ import annotations


def install() -> None:
    """Apply every correction to the emulator in this process; call it once, before the server starts."""
    from pbm360.local.bigquery import storage_api
    from pbm360.local.bigquery.corrections import (
        bounds,
        definitions,
        information_schema,
        jobs,
        memory,
        parameters,
        results,
        transactions,
        translation,
        uploads,
    )

    for subject in (
        bounds,
        storage_api,
        uploads,
        parameters,
        definitions,
        information_schema,
        translation,
        transactions,
        jobs,
        results,
        memory,
    ):
        subject.install()
