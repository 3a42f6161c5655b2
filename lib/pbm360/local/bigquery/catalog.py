"""Keep the emulator's catalog right under transactions and small under many jobs."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pyarrow as pa
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.catalog.memory_repository import MemoryCatalogRepository
from bqemulator.catalog.models import JobMeta, TableMeta

from pbm360.local.bigquery.corrections.information_schema import create_views

JOBS_KEPT = 2000
RESULTS_KEPT = 100
RESULT_BYTES_KEPT = 128 * 1024 * 1024


class WarehouseCatalog(DuckDBCatalogRepository):
    """The emulator's catalog; jobs live in memory alone, and a rolled back transaction leaves no trace in the cache."""

    def ensure_ready(self) -> None:
        """Prepare the catalog's tables and views, and read it, once."""
        if not self._loaded:
            super().ensure_ready()
            create_views(self._engine)

    def reload(self) -> None:
        """Read the catalog anew from the database, after a transaction was rolled back."""
        jobs = self._cache._jobs
        self._cache = MemoryCatalogRepository()
        self._hydrate_from_duckdb()
        self._cache._jobs = jobs

    def upsert_job(self, job: JobMeta) -> JobMeta:
        """Remember a job; the oldest are forgotten beyond `JOBS_KEPT`."""
        jobs = self._cache._jobs
        stored = self._cache.upsert_job(job)
        while len(jobs) > JOBS_KEPT:
            jobs.pop(next(iter(jobs)), None)
        return stored

    def delete_job(self, project_id: str, job_id: str, *, not_found_ok: bool = False) -> None:
        """Forget a job."""
        self._cache.delete_job(project_id, job_id, not_found_ok=not_found_ok)

    def update_table(self, table: TableMeta) -> TableMeta:
        """Store a table's description; a changed row count alone stays in memory, so that appends never collide."""
        stored = self._cache.get_table(table.project_id, table.dataset_id, table.table_id)
        if stored is not None and stored.model_copy(update={"num_rows": table.num_rows}) == table:
            return self._cache.update_table(table)
        return super().update_table(table)


class RecentResults(OrderedDict):
    """Results of finished jobs by job id; the oldest go first beyond a number of jobs or of bytes."""

    def __init__(self, schemas: dict):
        super().__init__()
        self._schemas = schemas
        self._lock = threading.Lock()
        self._bytes = 0

    def __setitem__(self, job_id: str, table: pa.Table) -> None:
        with self._lock:
            if job_id in self:
                self._bytes -= self[job_id].nbytes
            super().__setitem__(job_id, table)
            self._bytes += table.nbytes
            while len(self) > 1 and (len(self) > RESULTS_KEPT or self._bytes > RESULT_BYTES_KEPT):
                oldest = next(iter(self))
                self._bytes -= self[oldest].nbytes
                super().__delitem__(oldest)
                self._schemas.pop(oldest, None)

    def pop(self, job_id: str, default=None) -> pa.Table | None:
        """Take a result out, or `default`."""
        with self._lock:
            if job_id not in self:
                return default
            table = self[job_id]
            self._bytes -= table.nbytes
            super().__delitem__(job_id)
            return table
