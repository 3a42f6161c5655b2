"""Read what the schedule is told by `PBM360_*` variables; their meanings stand in `lib/pbm360/settings.py`.

Read without the library, because a worker that only starts pods doesn't have it; a test holds the names and the
defaults against the library's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EXECUTORS = ("worker", "pod")
BESIDE_DAGS = Path(__file__).parents[2]


@dataclass(frozen=True)
class Schedule:
    """How the tasks run: where, by which image or kernel, how often again, and whom they tell."""

    target: str
    project: str
    location: str
    dataset_prefix: str
    subscription: str
    dead_letter_topic: str
    executor: str
    image: str
    kernel: str
    home: str
    runs: str
    task_retries: int
    deadline_hours: float
    alert_url: str
    flex_template: str
    dataflow_region: str


def read_schedule(environment: Mapping[str, str]) -> Schedule:
    """Read the schedule's settings. Raises `ValueError` where the executor is unknown or a pod has no image."""

    def value(name: str, default: str) -> str:
        return environment.get(f"PBM360_{name}") or default

    target = value("TARGET", "local")
    executor = value("EXECUTOR", "pod" if target == "gcp" else "worker")
    home = value("HOME", str(BESIDE_DAGS) if executor == "worker" else ".")  # a pod starts in the image's own folder
    runs = value("RUNS", str(Path(value("STATE_DIR", str(BESIDE_DAGS / ".pbm360"))) / "runs"))
    schedule = Schedule(
        target=target,
        project=value("PROJECT", "pbm-local"),
        location=value("LOCATION", "US"),
        dataset_prefix=value("DATASET_PREFIX", "pbm"),
        subscription=value("SUBSCRIPTION", "orders-events-stream"),
        dead_letter_topic=value("DEAD_LETTER_TOPIC", "orders-dead-letter"),
        executor=executor,
        image=value("IMAGE", ""),
        kernel=value("KERNEL", "python3"),
        home=home,
        runs=runs,
        task_retries=int(value("TASK_RETRIES", "2")),
        deadline_hours=float(value("DEADLINE_HOURS", "4")),
        alert_url=value("ALERT_URL", ""),
        flex_template=value("FLEX_TEMPLATE", ""),
        dataflow_region=value("DATAFLOW_REGION", "us-central1"),
    )
    if executor not in EXECUTORS:
        raise ValueError(f"PBM360_EXECUTOR must be one of {', '.join(EXECUTORS)}; got {executor!r}")
    if executor == "pod" and not schedule.image:
        raise ValueError("PBM360_IMAGE must name the project's image where PBM360_EXECUTOR is pod (the default on gcp)")
    if executor == "pod" and "://" not in runs:
        raise ValueError(f"PBM360_RUNS must be gs://... where tasks run in pods, whose disks vanish; got {runs!r}")
    return schedule


SCHEDULE = read_schedule(os.environ)
