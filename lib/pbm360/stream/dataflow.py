"""The stream on Dataflow: Pub/Sub's messages, gathered into blocks, through the same steps as on a laptop.

`main` is what the Flex Template runs: it submits the job and returns. A job is stopped by drain, never cancelled: it
takes nothing new, writes the blocks that are waiting, closes its windows and ends. A running job takes a new version by
`--update` under its job name: what is in flight and the state of a step go over to the step of the same name. Where a
step has changed what it keeps, drain and start anew: what the minutes had counted is recovered from the live table.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.io import ReadFromPubSub
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.utils.secret import GcpSecret

from pbm360 import broker
from pbm360.settings import Settings
from pbm360.stream.exactly_once import ExactlyOnceSink, build_exactly_once
from pbm360.stream.gathering import GatherBlocks, StampMessages
from pbm360.stream.heartbeats import HEARTBEAT_SCHEMA, BeatHeart
from pbm360.stream.options import EXACTLY_ONCE_SINK, StreamOptions
from pbm360.stream.pipeline import StreamParts, build
from pbm360.stream.workers import WorkerAppender, worker_parts

IMAGE_VARIABLE = "STREAM_IMAGE"  # an image is told its own name when it is built: workers run what launched them


class ReadBlocks(beam.PTransform):
    """Nothing -> Block, from a subscription that nothing else reads.

    Messages come with their attributes, id and time of publishing, and without an id label: a label would hide
    duplicates from the ledger. An element's time is that of publishing, and so is the watermark: an attribute that a
    message lacks would stop the job. Delivery: at least once, or exactly once within the job, as the job is launched.
    """

    def __init__(self, subscription: str, large_payloads: str, block_messages: int, block_seconds: float):
        super().__init__()
        self._subscription, self._large_payloads = subscription, large_payloads
        self._block_messages, self._block_seconds = block_messages, block_seconds

    def expand(self, begin):
        return (
            begin
            | "ReadMessages" >> ReadFromPubSub(subscription=self._subscription, with_attributes=True)  # PubsubMessage
            | "StampMessages" >> StampMessages(self._large_payloads)  # Message
            | "GatherBlocks" >> GatherBlocks(self._block_messages, self._block_seconds)  # Block
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Submit the job that the command line describes, and return once it is accepted."""
    options = read_options(sys.argv[1:] if arguments is None else arguments)
    pipeline = beam.Pipeline(options=options)
    add_steps(pipeline, options)
    pipeline.run()


def read_options(arguments: Sequence[str]) -> PipelineOptions:
    """Return the options of the command line with what holds for every job: a stream, in the project's own image.

    Ends with the parser's message where an option of ours has a value that can't be used.
    """
    options = StreamOptions(list(arguments))  # so that --help tells of these
    options.view_as(StandardOptions).streaming = True
    options.view_as(SetupOptions).sdk_location = "container"
    worker = options.view_as(WorkerOptions)
    worker.sdk_container_image = worker.sdk_container_image or os.environ.get(IMAGE_VARIABLE)
    worker.autoscaling_algorithm = worker.autoscaling_algorithm or "THROUGHPUT_BASED"
    return options


def add_steps(pipeline: beam.Pipeline, options: PipelineOptions) -> None:
    """Add every step of the job."""
    chosen = options.view_as(StreamOptions)
    settings = job_settings(options)
    blocks = pipeline | "ReadBlocks" >> ReadBlocks(
        broker.subscription_path(settings, settings.subscription),
        large_payload_folder(options),
        int(chosen.block_messages),
        float(chosen.block_seconds),
    )
    landed = add_sink(blocks, job_parts(settings, chosen.pseudonym_key_secret), settings, chosen)
    landed | "BeatHeart" >> BeatHeart(WorkerAppender(settings, "ops.heartbeats", HEARTBEAT_SCHEMA))


def large_payload_folder(options: PipelineOptions) -> str:
    """Return where the job keeps payloads that no row can hold: in its bucket, outside of what is deleted by age."""
    bucket = (options.view_as(GoogleCloudOptions).temp_location or "").removeprefix("gs://").split("/")[0]
    return f"gs://{bucket}/large_payloads"


def add_sink(
    blocks: beam.PCollection, parts: StreamParts, settings: Settings, chosen: StreamOptions
) -> beam.PCollection:
    """Add the steps behind the blocks, with the sink that was chosen; returns the blocks that went through."""
    if chosen.sink == EXACTLY_ONCE_SINK:
        return build_exactly_once(blocks, parts, ExactlyOnceSink(settings, chosen.expansion_service))
    return build(blocks, parts)


def job_settings(options: PipelineOptions) -> Settings:
    """Return the settings that the workers take along; they hold names, and no secret."""
    chosen = options.view_as(StreamOptions)
    return Settings(
        target="gcp",
        project=options.view_as(GoogleCloudOptions).project,
        location=chosen.bigquery_location,
        dataset_prefix=chosen.dataset_prefix,
        subscription=chosen.input_subscription,
        dead_letter_topic=chosen.dead_letter_topic,
    )


def job_parts(settings: Settings, secret: str) -> StreamParts:
    """Return the parts of the job: the key of the pseudonyms is read by each worker, from Secret Manager."""
    version = f"projects/{settings.project}/secrets/{secret}/versions/latest"
    return worker_parts(settings, GcpSecret(version).get_str)


if __name__ == "__main__":
    # run as a file this module is `__main__`, which workers don't know: its steps must come from the package
    from pbm360.stream import dataflow

    dataflow.main()
