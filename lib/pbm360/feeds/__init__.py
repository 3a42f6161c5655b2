"""Bring your own log: a CSV, Parquet or NDJSON export becomes events on the same topic."""
