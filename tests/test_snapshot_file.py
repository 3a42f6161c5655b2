"""The snapshot's file: viewers never see half of one, and know when there is news."""

import datetime
import subprocess
import sys
import threading

import pyarrow as pa
import pytest

from pbm360 import snapshot_file
from pbm360.settings import Settings
from pbm360.snapshot_file import SnapshotMissing, SnapshotReader, note_failure, read_snapshot, write_snapshot
from tests.figures.order_frames import STAGES, hours_ago, open_order, orders_frame

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
ORDERS = orders_frame(open_order("A1", 30, 24, shipped_at=hours_ago(2)), open_order("A2", 1, 24))
FRESHNESS = {
    "stream_event_at": NOW,
    "events_last_minute": 7,
    "stream_beat_at": NOW,
    "batch_published_at": NOW,
    "batch_date": NOW.date(),
}


@pytest.fixture
def tables():
    frames = {"orders": pa.Table.from_pandas(ORDERS), "stages": pa.Table.from_pandas(STAGES)}
    return frames | {"freshness": pa.Table.from_pylist([FRESHNESS])}


def test_what_is_written_is_what_is_read(tables, tmp_path):
    write_snapshot(tmp_path, tables, NOW, 0.25)
    found = read_snapshot(tmp_path)
    assert (found.as_of, found.read_seconds) == (NOW, 0.25)
    assert list(found.orders["order_id"]) == ["A1", "A2"]
    assert str(found.orders["shipped_at"].dtype) == "datetime64[us, UTC]"
    assert list(found.stages["stage_label"]) == ["Received", "Fill"]
    assert found.freshness == FRESHNESS
    assert list(tmp_path.iterdir()) == [tmp_path / snapshot_file.SNAPSHOT_FILE]


def test_a_reader_knows_when_there_is_news(tables, tmp_path):
    reader = SnapshotReader(tmp_path)
    with pytest.raises(SnapshotMissing, match="pbm360.snapshot"):
        reader.latest()
    assert not reader.has_news()
    write_snapshot(tmp_path, tables, NOW, 0.25)
    assert reader.has_news()
    assert reader.latest().as_of == NOW
    assert not reader.has_news()
    note_failure(tmp_path, ConnectionError("secret address"))
    assert reader.has_news()
    assert reader.failure().kind == "ConnectionError"
    assert "secret" not in (tmp_path / snapshot_file.FAILURE_FILE).read_text()


def test_readers_never_see_half_a_snapshot(tables, tmp_path):
    write_snapshot(tmp_path, tables, NOW, 0.0)
    stop = threading.Event()

    def write():
        count = 0
        while not stop.is_set():
            count += 1
            write_snapshot(tmp_path, tables, NOW + datetime.timedelta(seconds=count), float(count))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(100):
            found = read_snapshot(tmp_path)
            assert found.as_of == NOW + datetime.timedelta(seconds=found.read_seconds)
            assert len(found.orders) == 2
    finally:
        stop.set()
        writer.join()


def test_settings_say_where_the_snapshot_lies(tmp_path):
    assert snapshot_file.snapshot_folder(Settings(state_dir=tmp_path)) == tmp_path / "snapshot"


def test_a_viewers_kernel_loads_none_of_the_clouds_clients():
    loaded = "[name for name in ('google.cloud.bigquery', 'grpc', 'requests') if name in sys.modules]"
    lines = f"import sys, pbm360.snapshot_file, pbm360.widgets.page; print({loaded})"
    found = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
