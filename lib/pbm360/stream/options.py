"""The options of the stream on Dataflow: one list, from which the pipeline reads and the Flex Template is described."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass

from apache_beam.options.pipeline_options import PipelineOptions

from pbm360.settings import Settings

ARROW_SINK = "storage_write_api"
EXACTLY_ONCE_SINK = "storage_write_api_exactly_once"
RESOURCE = r"[A-Za-z][A-Za-z0-9._~+%-]{2,254}"


class OptionError(argparse.ArgumentTypeError):
    """An option has a value that can't be used; the text says what was expected, and the parser shows it."""


@dataclass(frozen=True)
class StreamOption:
    """An option by its name: what it means, what it takes (a pattern that the whole value matches), its default."""

    name: str
    label: str
    help: str
    pattern: str
    default: str

    def parse(self, text: str) -> str:
        """Return the value. Raises `OptionError` where the pattern does not match."""
        if re.fullmatch(self.pattern, text) is None:
            raise OptionError(f"{self.name} must match {self.pattern} ({self.help}); got {text!r}")
        return text


STREAM_OPTIONS = (
    StreamOption(
        "input_subscription",
        "Pub/Sub subscription of the events",
        "Subscription, by its id, that the stream reads; nothing else may read it.",
        RESOURCE,
        Settings.subscription,
    ),
    StreamOption(
        "dead_letter_topic",
        "Pub/Sub topic of the dead letters",
        "Topic, by its id, that gets the reason of each refused message and a pointer to it.",
        RESOURCE,
        Settings.dead_letter_topic,
    ),
    StreamOption(
        "dataset_prefix",
        "Prefix of the datasets",
        "Datasets are named PREFIX_bronze, PREFIX_live and PREFIX_ops.",
        r"[a-z][a-z0-9_]{0,40}",
        Settings.dataset_prefix,
    ),
    StreamOption(
        "bigquery_location",
        "Location of the datasets",
        "BigQuery location in which the datasets stand.",
        r"[A-Za-z][A-Za-z0-9-]{1,40}",
        Settings.location,
    ),
    StreamOption(
        "pseudonym_key_secret",
        "Secret of the pseudonyms' key",
        "Secret Manager's secret, by its id; workers read its latest version, and the job never holds it.",
        r"[A-Za-z0-9_-]{1,255}",
        "pbm360-pseudonym-key",
    ),
    StreamOption(
        "block_messages",
        "Messages of a block",
        "Messages, at most, that are written together: more commit faster, fewer are seen sooner.",
        r"[1-9][0-9]{0,3}",
        "500",
    ),
    StreamOption(
        "block_seconds",
        "Longest wait of a block",
        "Seconds that a block which is not full waits for more messages.",
        r"[0-9]{1,2}(\.[0-9])?",
        "0.5",
    ),
    StreamOption(
        "sink",
        "How rows are written",
        "storage_write_api: at least once, in Python, which readers make exact; storage_write_api_exactly_once: Beam's "
        "own sink, in Java, for a job that is launched where Java is.",
        f"{ARROW_SINK}|{EXACTLY_ONCE_SINK}",
        ARROW_SINK,
    ),
    StreamOption(
        "expansion_service",
        "Address of Beam's expansion service",
        "host:port of a running one, for the exactly-once sink; empty: Beam starts its own jar.",
        r"([\w.-]+:[0-9]{1,5})?",
        "",
    ),
)


class StreamOptions(PipelineOptions):
    """The options above, beside Beam's own; each is text that has been held against its pattern."""

    @classmethod
    def _add_argparse_args(cls, parser):
        for option in STREAM_OPTIONS:
            parser.add_argument(
                f"--{option.name}",
                type=option.parse,
                default=option.default,
                help=f"{option.help} (default: {option.default!r})".replace("%", "%%"),
            )


class ReplayOptions(PipelineOptions):
    """What a replay of files reads."""

    @classmethod
    def _add_argparse_args(cls, parser):
        parser.add_argument("--bronze_folder", default="", help="folder of Parquet files of raw_orders")
