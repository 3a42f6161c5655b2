"""Print what a real Airflow makes of `dags/`, as JSON: import errors, and each DAG's and task's settings."""

from __future__ import annotations

import json
import os
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag


def described(dag) -> dict:
    """Describe a DAG by what a schedule must have."""
    return {
        "timetable": type(dag.timetable).__name__,
        "zone": str(dag.timezone),
        "expression": getattr(dag.timetable, "_expression", ""),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "dagrun_timeout_hours": dag.dagrun_timeout.total_seconds() / 3600,
        "deadline_hours": [alert.interval.total_seconds() / 3600 for alert in dag.deadline or []],
        "params": sorted(dag.params),
        "tasks": {task.task_id: described_task(task) for task in dag.tasks},
    }


def described_task(task) -> dict:
    """Describe a task: how it runs, when it is tried again, what it passes."""
    parameters, arguments = getattr(task, "parameters", None), getattr(task, "arguments", None)
    callbacks = task.partial_kwargs.get("on_failure_callback") if task.is_mapped else task.on_failure_callback
    return {
        "operator": type(task).__name__ if not task.is_mapped else task.operator_class.__name__,
        "downstream": sorted(task.downstream_task_ids),
        "trigger_rule": task.trigger_rule.value,
        "retries": task.retries,
        "timeout_hours": task.execution_timeout.total_seconds() / 3600,
        "has_failure_callback": bool(callbacks),
        "parameters": parameters if isinstance(parameters, dict) else {},
        "arguments": [str(argument) for argument in arguments or []],
        "notebook": str(getattr(task, "input_nb", "") or ""),
        "output": str(getattr(task, "output_nb", "") or ""),
        "kernel": getattr(task, "kernel_name", None) or "",
        "image": getattr(task, "image", None) or "",
        "variables": sorted(getattr(task, "env_vars", None) or []),
        "outlets": [asset.uri for asset in (task.outlets or [])],
        "drains": getattr(task, "drain_pipeline", False),
    }


if __name__ == "__main__":
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    bag = BundleDagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    print(json.dumps({"errors": bag.import_errors, "dags": {name: described(dag) for name, dag in bag.dags.items()}}))
