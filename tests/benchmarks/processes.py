"""Run the stream as a process of its own against the servers that settings name, as `pbm360 stream` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pbm360.settings import Settings


def start_stream(settings: Settings, *options: str, log: Path | None = None) -> subprocess.Popen:
    """Start `pbm360 stream` on the servers that the settings name."""
    environment = os.environ | {
        "PBM360_STATE_DIR": str(settings.state_dir),
        "PBM360_PROJECT": settings.project,
        "PBM360_BIGQUERY_URL": settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": settings.bigquery_storage_endpoint,
        "PBM360_PUBSUB_ENDPOINT": settings.pubsub_endpoint,
        "PBM360_OMS_DSN": settings.oms_dsn,
        "PBM360_PSEUDONYM_KEY": settings.pseudonym_key,
    }
    command = [sys.executable, "-m", "pbm360", "stream", *options]
    if log is None:
        return subprocess.Popen(command, env=environment)
    with log.open("a") as lines:
        return subprocess.Popen(command, env=environment, stdout=lines, stderr=subprocess.STDOUT)
