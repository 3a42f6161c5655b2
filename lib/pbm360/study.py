"""Build a longer simulated past in datasets of its own, by one build: a world for a study, apart from the pharmacy's.

All of its messages count as known at its end, so that one day's build takes them in. Nothing is streamed, and the
datasets of the workbench are left alone.
"""

from __future__ import annotations

import datetime
import json

import pyarrow as pa

from pbm360 import medallion
from pbm360.scratch import STUDY, forget_scratch, scratch_warehouse
from pbm360.settings import Settings
from pbm360.simulate import SimulationParameters, simulate
from pbm360.warehouse import Warehouse


def build_study(settings: Settings, parameters: SimulationParameters) -> Warehouse:
    """Simulate, land in bronze and build; returns the warehouse whose datasets are named `<prefix>_study_...`.

    What an earlier study left there is replaced.
    """
    warehouse = scratch_warehouse(settings, STUDY)
    forget_scratch(warehouse)
    medallion.prepare(warehouse)
    warehouse.load_arrow("bronze.raw_orders", bronze_rows(warehouse, parameters))
    medallion.build(warehouse, parameters.end.astimezone(datetime.UTC).date())
    return warehouse


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
