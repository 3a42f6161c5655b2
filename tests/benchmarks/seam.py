"""Hold the seam against the oracle with a million adversarial messages: corrections, copies, lateness, ties."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pbm360 import medallion
from pbm360.domain.lifecycle import order_rows
from tests.benchmarks.fresh import fresh_warehouse
from tests.test_seam import DAYS, World, by_order, make_world

BLOCKS, BLOCK_ORDERS = 18, 7_000  # 7 events and a copy an order: 1,008,000 messages


def measure() -> Iterator[tuple[str, str]]:
    """Yield (what, figure) rows, measured on a fresh stack."""
    started = time.perf_counter()
    expected: dict[str, dict] = {}
    message_count = 0
    with fresh_warehouse() as warehouse:
        for block in range(BLOCKS):
            world = make_world(warehouse, block, BLOCK_ORDERS, f"B{block}-")
            message_count += len(world.messages)
            _arrive(world)
            expected |= by_order(order_rows(world.live.values()))
        mismatches = [_mismatches(warehouse, expected)]  # live alone, bronze not built
        for day in (DAYS[1], DAYS[0]):
            medallion.build(warehouse, day)
            mismatches.append(_mismatches(warehouse, expected))
    yield (
        f"{message_count:,} adversarial messages, {len(expected):,} orders, served 3 times",
        (f"{' + '.join(map(str, mismatches))} mismatches"),
    )
    yield "the same, with generation and oracle", f"{time.perf_counter() - started:.0f} s"


def _arrive(world: World) -> None:
    """Let every valid message reach live, one in eight twice, in any order; two in three reach bronze."""
    rows = list(world.live.values())
    rows += world.random.sample(rows, len(rows) // 8)
    world.random.shuffle(rows)
    world.warehouse.load_rows("live.order_events", rows)
    landed = [message for message in world.messages if world.random.random() < 0.67]
    world.warehouse.load_rows("bronze.raw_orders", landed)


def _mismatches(warehouse, expected: dict[str, dict]) -> int:
    served = by_order(warehouse.query("select * from pbm_serving.order_lifecycle").to_pylist())
    return sum(served.get(order) != row for order, row in expected.items()) + len(served.keys() - expected.keys())


if __name__ == "__main__":
    for what, figure in measure():
        print(f"{what:<70} {figure}", flush=True)
