"""A project of its own for a test of the whole stream: tables, topics, and messages that come again soon."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pbm360 import broker
from tests.benchmarks.killable import ACK_DEADLINE_SECONDS

_numbers = itertools.count(1)


@pytest.fixture
def home(stack_settings, warehouse_named):
    """Settings and warehouse of a project of its own."""
    settings = replace(stack_settings, project=f"pbm-stream-{next(_numbers)}")
    warehouse = warehouse_named(settings.project)
    broker.publisher(settings).create_topic(name=broker.topic_path(settings, settings.topic))
    broker.subscriber(settings).create_subscription(
        name=broker.subscription_path(settings, settings.subscription),
        topic=broker.topic_path(settings, settings.topic),
        ack_deadline_seconds=ACK_DEADLINE_SECONDS,
    )
    broker.ensure_topics(settings)
    return settings, warehouse
