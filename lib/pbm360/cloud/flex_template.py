"""Describe the stream's Flex Template: its parameters are the pipeline's own options, read from the same list.

`python -m pbm360.cloud.flex_template` writes `deploy/images/dataflow/metadata.json`; a test holds that it is fresh.
"""

from __future__ import annotations

import json
from pathlib import Path

from pbm360.stream.options import STREAM_OPTIONS, StreamOption

OUTPUT = Path(__file__).parents[3] / "deploy" / "images" / "dataflow" / "metadata.json"


def metadata() -> dict:
    """Return the template's description, as `gcloud dataflow flex-template build --metadata-file` takes it."""
    return {
        "name": "PBM Logistics 360: speed layer",
        "description": "Events from Pub/Sub into bronze and live, their stages counted by minute, refused messages to "
        "the dead letters. Stop it by drain, never by cancel; replace it by an update under its job name.",
        "streaming": True,
        "supportsAtLeastOnce": True,
        "supportsExactlyOnce": True,
        "defaultStreamingMode": "AT_LEAST_ONCE",
        "parameters": [_parameter(option) for option in STREAM_OPTIONS],
    }


def _parameter(option: StreamOption) -> dict:
    return {
        "name": option.name,
        "label": option.label,
        "helpText": option.help,
        "isOptional": True,
        "regexes": [f"^({option.pattern})$"],
        "defaultValue": option.default,
    }


def write_metadata() -> None:
    """Write the description for Cloud Build."""
    OUTPUT.write_text(json.dumps(metadata(), indent=2) + "\n")


if __name__ == "__main__":
    write_metadata()
