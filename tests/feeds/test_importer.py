"""An import publishes every event of a log to a real topic, or nothing."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml

from pbm360 import broker
from pbm360.feeds.errors import FeedError, UnmappedTypesError
from pbm360.feeds.importer import CHECKING, PUBLISHING, import_file
from pbm360.settings import Settings

MAPPING = {
    "shape": "long",
    "order": "order_no",
    "type": {"column": "what", "values": {"IN": "referral_received", "OUT": "delivered"}, "ignore": ["PING"]},
    "time": {"column": "when", "zone": "Europe/Amsterdam"},
    "fields": {"quantity": "pills"},
}
ROWS = [
    {"order_no": "A1", "what": "IN", "when": "2026-10-24 10:00:00", "pills": "30"},
    {"order_no": "A1", "what": "OUT", "when": "2026-10-25 02:30:00", "pills": ""},
    {"order_no": "", "what": "IN", "when": "2026-10-24 11:00:00", "pills": ""},
    {"order_no": "B2", "what": "PING", "when": "2026-10-24 12:00:00", "pills": ""},
    {"order_no": "B2", "what": "IN", "when": "soon", "pills": "x"},
]
numbers = itertools.count()


@pytest.fixture
def settings(pubsub_server) -> Settings:
    """Settings with topics of the test's own, made."""
    project = f"pbm-import-{next(numbers)}"
    made = replace(Settings(pubsub_endpoint=pubsub_server["endpoint"]), project=project)
    broker.ensure_topics(made)
    return made


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump(MAPPING))
    return path


def write_csv(path, rows):
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_ndjson(path, rows):
    path.write_text("".join(json.dumps({k: v for k, v in row.items() if v}) + "\n" for row in rows))
    return path


def write_parquet(path, rows):
    parquet.write_table(pa.Table.from_pylist([{k: v or None for k, v in row.items()} for row in rows]), path)
    return path


def received(settings) -> list[tuple[dict, dict]]:
    """Take every message of the subscription: (event, attributes), by order and time."""
    found = []
    while messages := broker.pull(settings, settings.subscription, 1000, timeout_seconds=1.0):
        broker.acknowledge(settings, settings.subscription, [message.ack_id for message in messages])
        found += [(json.loads(message.data), dict(message.attributes)) for message in messages]
    return sorted(found, key=lambda pair: (pair[0]["subject"], pair[0]["time"]))


def test_every_row_arrives_and_the_report_says_so(settings, mapping, tmp_path):
    published = []
    path = write_csv(tmp_path / "log.csv", ROWS)
    report = import_file(settings, path, mapping, lambda *told: published.append(told))
    size = path.stat().st_size
    assert published == [(CHECKING, size, size), (CHECKING, size, size), (PUBLISHING, 4, 4)]
    messages = received(settings)
    assert [(e["subject"], e["type"], e["source"], e["time"], e["data"]) for e, _ in messages] == [
        ("", "referral_received", "oms", "2026-10-24T09:00:00.000Z", {}),
        ("A1", "referral_received", "oms", "2026-10-24T08:00:00.000Z", {"quantity": "30"}),
        ("A1", "delivered", "carrier", "2026-10-25T00:30:00.000Z", {}),
        ("B2", "referral_received", "oms", "soon", {"quantity": "x"}),
    ]
    assert [attributes.get("observed_at") for _, attributes in messages] == [
        "2026-10-24T09:00:00.000Z",
        "2026-10-24T08:00:00.000Z",
        "2026-10-25T00:30:00.000Z",
        None,
    ]
    assert {attributes["import_id"] for _, attributes in messages} == {report.import_id}
    first, *rest = report.lines()
    assert first.startswith("5 rows read, 4 events published to orders-events in ")
    assert rest == [
        "by type: referral_received 3, delivered 1",
        "left out on the mapping's word: PING 1",
        "1 local times occur twice (clocks went back); the earlier offset was taken",
        "the pipeline will reject 1 events: missing_field (subject), first in line 4",
        "the pipeline will reject 1 events: invalid_time, first in line 6: 'soon'",
        "next: `pbm360 stream --until-idle-seconds 3` lands them, "
        "`pbm360 backfill --from 2026-10-24 --to 2026-10-25` builds their days",
    ]


def test_importing_again_and_from_other_formats_gives_the_same_events(settings, mapping, tmp_path):
    reports = [
        import_file(settings, path, mapping)
        for path in (
            write_csv(tmp_path / "log.csv", ROWS),
            tmp_path / "log.csv",
            write_ndjson(tmp_path / "log.ndjson", ROWS),
            write_parquet(tmp_path / "log.parquet", ROWS),
        )
    ]
    assert [report.published_count for report in reports] == [4, 4, 4, 4]
    messages = received(settings)
    assert len(messages) == 16
    assert len({json.dumps(event, sort_keys=True) for event, _ in messages}) == 4
    assert len({event["id"] for event, _ in messages}) == 4


def test_a_wide_log_is_published(settings, tmp_path):
    content = {
        "shape": "wide",
        "order": "order_no",
        "events": {"received": "referral_received", "delivered": "delivered"},
        "time": {"zone": "UTC"},
        "observed_at": "import_time",
    }
    mapping = tmp_path / "wide.yaml"
    mapping.write_text(yaml.safe_dump(content))
    rows = [
        {"order_no": "A1", "received": "2026-11-20 08:00", "delivered": "2026-11-22 17:00"},
        {"order_no": "B2", "received": "2026-11-21 08:00", "delivered": ""},
        {"order_no": "C3", "received": "", "delivered": ""},
    ]
    report = import_file(settings, write_csv(tmp_path / "wide.csv", rows), mapping)
    assert report.lines()[2] == "1 rows hold no time of any event"
    messages = received(settings)
    assert [(event["subject"], event["type"], event["time"]) for event, _ in messages] == [
        ("A1", "referral_received", "2026-11-20T08:00:00.000Z"),
        ("A1", "delivered", "2026-11-22T17:00:00.000Z"),
        ("B2", "referral_received", "2026-11-21T08:00:00.000Z"),
    ]
    assert all("observed_at" not in attributes for _, attributes in messages)


def test_nothing_is_published_where_a_type_is_not_mapped(settings, mapping, tmp_path):
    path = write_csv(tmp_path / "log.csv", [*ROWS, ROWS[0] | {"what": "TELEPORTED"}])
    with pytest.raises(UnmappedTypesError, match="TELEPORTED 1"):
        import_file(settings, path, mapping)
    assert received(settings) == []


def test_nothing_is_published_where_the_end_of_the_file_is_broken(settings, mapping, tmp_path):
    path = write_csv(tmp_path / "log.csv", ROWS * 2000)
    with path.open("ab") as lines:
        lines.write(b"A1,IN,2026-10-24 10:00:00,\xff\n")
    with pytest.raises(FeedError, match="line 10002 is not UTF-8"):
        import_file(settings, path, mapping)
    assert received(settings) == []


def test_a_file_that_is_not_there_is_said(settings, mapping, tmp_path):
    with pytest.raises(FeedError, match=r"no file .*none.csv"):
        import_file(settings, tmp_path / "none.csv", mapping)
