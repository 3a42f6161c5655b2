"""Tell people what went wrong: a task that failed, and in which cell of which notebook; a run that is late.

An alert is a line in the log that begins with `ALERT`, and the same as JSON to `PBM360_ALERT_URL` where that is set.
It names tasks, cells and addresses and quotes no error text, which may hold what a message held.
"""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request

from airflow.sdk import ObjectStoragePath

from pbm360_schedule.environment import SCHEDULE

SEND_SECONDS = 10
log = logging.getLogger(__name__)


def tell_failure(context) -> None:
    """Tell that a task failed for good: DAG, task, run, the failing cell's name, the output notebook's address."""
    instance, task = context["task_instance"], context["task"]
    address = getattr(task, "output_nb", None) or task.params.get("output_notebook") or ""
    address = getattr(address, "url", address)
    send_alert(
        {
            "alert": "task_failed",
            "dag": instance.dag_id,
            "task": instance.task_id,
            "run": instance.run_id,
            "error": type(context.get("exception")).__name__,
            "notebook": task.render_template(address, context) if address else "",
            "cell": failing_cell(task.render_template(address, context)) if address else "",
        }
    )


def tell_missed_deadline(context) -> None:
    """Tell that a run was not done by its deadline."""
    run = context["dag_run"]
    send_alert(
        {
            "alert": "deadline_missed",
            "dag": run["dag_id"],
            "run": run["dag_run_id"],
            "deadline": str(context["deadline"]["deadline_time"]),
        }
    )


def failing_cell(address: str) -> str:
    """Name the cell that failed in an executed notebook: its number and the heading above it; empty where none did."""
    try:
        cells = json.loads(ObjectStoragePath(address).read_text())["cells"]
    except FileNotFoundError:  # it failed before papermill wrote a first notebook
        return ""
    heading, number = "", 0
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            tags = cell.get("metadata", {}).get("tags", [])
            titles = [line for line in source.splitlines() if line.startswith("#")]
            heading = titles[-1].lstrip("# ") if titles and not any("papermill" in tag for tag in tags) else heading
            continue
        number += 1
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            return f"code cell {number}, {heading!r}"
    return ""


def send_alert(alert: dict) -> None:
    """Log an alert and post it; an address that does not answer is logged and does not hide the failure itself."""
    log.error("ALERT %s", json.dumps(alert, default=str))
    if not SCHEDULE.alert_url:
        return
    request = urllib.request.Request(
        SCHEDULE.alert_url, json.dumps(alert, default=str).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SEND_SECONDS):
            return
    except (urllib.error.URLError, TimeoutError) as error:
        log.error("the alert could not be posted: %s", error)
