"""Run the laptop's BigQuery in the foreground: REST and Storage API over one DuckDB file."""

from __future__ import annotations

from pathlib import Path


def serve(data_dir: Path, rest_port: int = 0, grpc_port: int = 0, ready_file: Path | None = None) -> None:
    """Serve the warehouse in `data_dir` on 127.0.0.1 until SIGTERM or SIGINT; port 0 takes a free one.

    Once it answers, `ready_file` holds `{"rest_url", "grpc_endpoint", "pid"}`; it is removed at the end. Raises
    `duckdb.IOException` where another process has the data folder open. It changes the emulator for the whole process:
    give it one of its own.
    """
    from bqemulator.observability.logging_ import configure_logging

    configure_logging(level="error", fmt="console")  # before the emulator is imported, which logs as it is
    from pbm360.local.bigquery.runtime import run

    run(data_dir, rest_port, grpc_port, ready_file)
