"""Build a longer simulated past in datasets of its own, by one build: a world for a study, apart from the pharmacy's.

All of its messages count as known at its end, so that one day's build takes them in. Nothing is streamed, and the
datasets of the workbench are left alone.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import pyarrow as pa

from pbm360 import medallion
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.warehouse import LAYERS, Warehouse

STUDY_SUFFIX = "_study"


def build_study(settings: Settings, parameters: SimulationParameters) -> Warehouse:
    """Simulate, land in bronze and build; returns the warehouse whose datasets are named `<prefix>_study_...`.

    What an earlier study left there is replaced.
    """
    warehouse = Warehouse(replace(settings, dataset_prefix=f"{settings.dataset_prefix}{STUDY_SUFFIX}"))
    forget_study(warehouse)
    medallion.prepare(warehouse)
    warehouse.load_arrow("bronze.raw_orders", bronze_rows(warehouse, parameters))
    medallion.build(warehouse, parameters.end.astimezone(datetime.UTC).date())
    return warehouse


def forget_study(warehouse: Warehouse) -> None:
    """Drop the study's datasets; refuses any others."""
    for layer in LAYERS:
        dataset = warehouse.settings.dataset(layer)
        if STUDY_SUFFIX not in dataset:
            raise ValueError(f"only datasets of a study are dropped; got {dataset!r}")
        warehouse.client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)


def bronze_rows(warehouse: Warehouse, parameters: SimulationParameters) -> pa.Table:
    """Return a simulation's history as rows of `pbm_bronze.raw_orders`, each known at the simulation's end."""
    end = parameters.end.astimezone(datetime.UTC)
    messages = list(simulate(parameters).messages())
    columns = {
        "message_id": [f"study-{number:08}" for number in range(len(messages))],
        "publish_time": [end] * len(messages),
        "ingested_at": [end] * len(messages),
        "known_at": [end] * len(messages),
        "known_date": [end.date()] * len(messages),
        "source": [message.attributes["source"] for message in messages],
        "attributes": [json.dumps(message.attributes) for message in messages],
        "payload": [message.payload for message in messages],
    }
    schema = warehouse.arrow_schema("bronze.raw_orders")
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
