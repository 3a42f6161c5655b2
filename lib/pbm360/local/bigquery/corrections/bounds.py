"""Bound what the emulator keeps: results, read sessions, and the copies of tables that it makes for time travel.

Fault: every result and read session stays in memory for ever, and every write copies its whole table.
"""

from __future__ import annotations

import bqemulator.api.app  # noqa: F401  (so that every module that shares the results is loaded)
from bqemulator.domain.errors import UnsupportedFeatureError
from bqemulator.jobs import executor
from bqemulator.streaming import read_session
from bqemulator.versioning import snapshots

from pbm360.local.bigquery.catalog import RecentResults
from pbm360.local.bigquery.patching import replace_everywhere
from pbm360.local.bigquery.storage_api import RecentSessions


def install() -> None:
    """Bound results and sessions; keep no history of tables and refuse to read one."""
    replace_everywhere(executor.JOB_RESULTS, RecentResults(executor.JOB_SCHEMAS))
    replace_everywhere(read_session._SESSIONS, RecentSessions())
    snapshots.SnapshotManager.record_change = keep_no_copy
    snapshots.SnapshotManager.resolve_time_travel = refuse_time_travel


def keep_no_copy(self, project_id: str, dataset_id: str, table_id: str) -> None:
    """Do nothing: a copy of the table at every write would cost more than the write."""


def refuse_time_travel(self, project_id: str, dataset_id: str, table_id: str, target) -> None:
    """Refuse `for system_time as of`, since no history is kept here."""
    raise UnsupportedFeatureError(
        f"for system_time as of: the local BigQuery keeps no history of {dataset_id}.{table_id}; "
        "filter by known_at instead"
    )
