"""A project of its own for a test of the whole stream: tables and topics."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pbm360 import broker
from pbm360.warehouse import Warehouse

_numbers = itertools.count(1)


@pytest.fixture
def home(stack_settings, warehouse_named):
    """Settings and warehouse of a project of its own."""
    settings = replace(stack_settings, project=f"pbm-stream-{next(_numbers)}")
    warehouse_named(settings.project)
    broker.ensure_topics(settings)
    return settings, Warehouse(settings)
