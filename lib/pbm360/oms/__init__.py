"""The order-management database: its entities, and the outbox that tells what happens to orders."""

from pbm360.oms.database import connect, migrate
from pbm360.oms.entities import ENTITIES, SEED_ROWS, delete_patient, land_snapshot, read_snapshot, seed
from pbm360.oms.outbox import OrderEvent, UnknownOrderError, place_order, tell

__all__ = [
    "ENTITIES",
    "SEED_ROWS",
    "OrderEvent",
    "UnknownOrderError",
    "connect",
    "delete_patient",
    "land_snapshot",
    "migrate",
    "place_order",
    "read_snapshot",
    "seed",
    "tell",
]
