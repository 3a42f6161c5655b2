"""What steps share: pickled for this process it stays itself, made by a worker there is one for each process."""

import pickle
import subprocess
import sys
from functools import partial

import pytest

from pbm360.settings import Settings
from pbm360.stream.counting import CountFirstCopies
from pbm360.stream.deduplicating import SeenEvents
from pbm360.stream.pipeline import StreamParts
from pbm360.stream.shared import MadeByWorker, StopFlag
from pbm360.stream.sinks import DEAD_LETTER_SCHEMA, EVENT_SCHEMA, MINUTE_SCHEMA, RAW_SCHEMA, TableAppender

SETTINGS = Settings(bigquery_storage_endpoint="127.0.0.1:1", pseudonym_key="a-key-that-only-the-tests-know-0123456789")


def remote_parts():
    """The parts of a pipeline whose work is done elsewhere."""
    return StreamParts(
        pseudonym_key=partial(str, "asked for by the worker"),
        raw=TableAppender(SETTINGS, "bronze.raw_orders", RAW_SCHEMA),
        live=TableAppender(SETTINGS, "live.order_events", EVENT_SCHEMA),
        minutes=TableAppender(SETTINGS, "live.stage_minutes", MINUTE_SCHEMA),
        dead_letters=TableAppender(SETTINGS, "ops.dead_letters", DEAD_LETTER_SCHEMA),
        publish_dead_letters=len,
        counting=CountFirstCopies(MadeByWorker(SeenEvents), len),
    )


def test_an_object_of_this_process_is_itself_after_pickling():
    flag = StopFlag()
    assert pickle.loads(pickle.dumps(flag)) is flag


def test_an_object_of_another_process_is_not_found():
    flag = pickle.dumps(StopFlag())
    code = f"import pickle; pickle.loads({flag!r})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "lives in another process, or is gone" in ended.stderr


def test_a_worker_makes_its_object_once():
    recipe = MadeByWorker(SeenEvents)
    first, second = (pickle.loads(pickle.dumps(recipe)).here() for _ in range(2))
    assert first is second
    assert MadeByWorker(SeenEvents).here() is not first


def test_the_parts_of_a_pipeline_travel_to_a_worker_and_bring_no_secret():
    travelling = pickle.dumps(remote_parts())
    assert SETTINGS.pseudonym_key.encode() not in travelling
    code = f"import pickle; parts = pickle.loads({travelling!r}); print(len(parts.counting.seen.here().only_new([])))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "0\n"


@pytest.mark.parametrize("secret", ["pseudonym_key", "next_pseudonym_key", "oms_dsn"])
def test_settings_without_secrets_hold_none(secret):
    assert getattr(SETTINGS.without_secrets(), secret) == ""
