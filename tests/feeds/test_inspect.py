"""`pbm360 import --inspect` proposes a mapping from what it sees, shows what becomes of it, publishes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml

from pbm360.feeds.columns import look_at, sample_log
from pbm360.feeds.errors import FeedError
from pbm360.feeds.hints import event_type_of, field_of
from pbm360.feeds.mapping import load_mapping, parse_mapping
from pbm360.feeds.preview import preview_log
from pbm360.feeds.proposal import propose

DATA = Path(__file__).parent / "data"


def proposed(path):
    return propose(sample_log(path))


def without(content, *keys):
    return {name: value for name, value in content.items() if name not in keys}


def shipped(name):
    return yaml.load((Path(load_mapping.__globals__["SHIPPED"]) / f"{name}.yaml").read_text(), Loader=yaml.BaseLoader)


def test_an_order_table_is_proposed_as_it_is_shipped_but_for_its_zone():
    proposal = proposed(DATA / "order_table.csv")
    wanted = without(shipped("order_table"), "observed_at")
    assert proposal.content == wanted | {"time": {"zone": "UTC", "format": "%m/%d/%Y %H:%M"}}
    assert proposal.questions == ("in which zone are its times? They bear no offset; UTC is assumed.",)


def test_a_scanner_log_is_proposed_as_it_is_shipped_but_for_prefix_and_heartbeats():
    proposal = proposed(DATA / "scanner_log.csv")
    wanted = shipped("scanner_log")
    assert proposal.content["type"]["values"] == wanted["type"]["values"]
    assert without(proposal.content, "type") == without(wanted, "type", "source", "observed_at") | {"id": "scan_id"}
    assert proposal.questions[0].endswith("list them under type.ignore: HEARTBEAT (1)")


def test_a_carrier_export_is_proposed_with_its_encoding_and_the_question_of_whose_orders():
    proposal = proposed(DATA / "carrier_tracking.csv")
    assert proposal.content["encoding"] == "cp1252"
    assert proposal.content["type"]["values"]["Attempted - not home"] == "attempt_failed"
    assert "whose order is a tracking_no? It names a shipment" in proposal.questions[-1]


def test_a_survey_export_is_proposed_as_it_is_shipped_but_for_prefix_and_source():
    wanted = without(shipped("survey_export"), "source", "observed_at") | {"id": "response_id"}
    assert proposed(DATA / "survey_export.ndjson").content == wanted


def test_a_proposal_is_a_mapping_file_whose_questions_are_comments(tmp_path):
    path = tmp_path / "mine.yaml"
    proposal = proposed(DATA / "order_table.csv")
    path.write_text(proposal.to_yaml())
    assert "# To decide: in which zone" in path.read_text()
    assert load_mapping(path) == parse_mapping(proposal.content)


def test_parquet_with_typed_times_needs_no_question_of_the_zone(tmp_path):
    path = tmp_path / "log.parquet"
    instants = pa.array([1_795_000_000_000_000] * 3, pa.timestamp("us", "UTC"))
    parquet.write_table(pa.table({"order_id": ["A", "B", "C"], "shipped_at": instants}), path)
    proposal = proposed(path)
    assert proposal.content == {
        "shape": "wide",
        "order": "order_id",
        "events": {"shipped_at": "shipped"},
        "time": {"zone": "UTC"},
    }
    assert proposal.questions == ()


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2026-11-20 10:00", "2026-11-21T11:00:00Z"], ("",)),
        (["13/11/2026 10:00", "02/11/2026 11:00"], ("%d/%m/%Y %H:%M",)),
        (["03/11/2026", "02/11/2026"], ("%m/%d/%Y", "%d/%m/%Y")),
        (["20.11.2026 10:00"], ("%d.%m.%Y %H:%M",)),
        (["11/20/2026 01:05 PM"], ("%m/%d/%Y %I:%M %p",)),
        (["1795000000", "1795000001"], ("unix_seconds",)),
        (["1795000000123"], ("unix_milliseconds",)),
        (["20261120101500"], ("%Y%m%d%H%M%S",)),
        (["10001", "10002"], ()),
        (["20261120", "20261121"], ()),  # a number first; ids look so too
        (["PICK", "PACK"], ()),
        ([True, False], ()),
    ],
)
def test_the_format_of_times_is_found(values, formats):
    assert look_at("x", [{"x": value} for value in values]).time_formats == formats


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("PickedAt", "picked"),
        ("PA_APPROVED_DT", "pa_approved"),
        ("Prior Auth Denied", "pa_denied"),
        ("Out for Delivery", "out_for_delivery"),
        ("QA FAIL", "qa_failed"),
        ("SHIP", "shipped"),
        ("cancelled_date", "order_cancelled"),
        ("Delivered, front door", "delivered"),
        ("Undelivered", None),
        ("HEARTBEAT", None),
    ],
)
def test_words_are_guessed_as_event_types(name, event_type):
    assert event_type_of(name) == event_type


def test_names_are_guessed_as_fields():
    assert [field_of(name) for name in ("PatientID", "qty", "Drug NDC", "days_supply", "weather")] == [
        "patient_id",
        "quantity",
        "drug_ndc",
        "days_supply",
        None,
    ]


def test_a_preview_holds_the_first_ten_events_the_rejects_and_no_patient():
    preview = preview_log(DATA / "order_table.csv", load_mapping(Path("order_table")))
    assert (preview.row_count, preview.event_count, preview.is_whole) == (10, 43, True)
    assert len(preview.events) == 10
    assert preview.events[0] == {
        "time": "2026-03-02T14:15:00.000Z",
        "type": "referral_received",
        "order": "10001",
        "source": "oms",
        "data": "patient_id=(hidden), pharmacy_id=PH-A, quantity=30",
    }
    assert preview.rejects == [
        {"place": "line 7", "reason": "invalid_time", "value": "soon"},
        {"place": "line 8", "reason": "missing_field (subject)", "value": ""},
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("weather,when\nsunny,2026-11-20\n", "no column can name the order; there are weather, when"),
        ("order_id,what\nA1,shipped\n", "no column holds times"),
        ("order_id,mood,when\nA1,blue,2026-11-20\n", r"nor as milestones \(when hold times\)"),
        ("", "log.csv is empty; expected a header and rows"),
        ("order_id,when\n", "log.csv holds no rows"),
    ],
)
def test_where_nothing_can_be_proposed_the_error_says_why(tmp_path, content, message):
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(FeedError, match=message):
        proposed(path)


def test_the_command_needs_no_server_and_writes_nothing_but_the_mapping(tmp_path):
    out = tmp_path / "mine.yaml"
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PBM360_")}
    command = [sys.executable, "-m", "pbm360", "import", "--inspect", str(DATA / "scanner_log.csv")]
    finished = subprocess.run(
        [*command, "--out", str(out)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == "" and [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
    assert "18 rows: 17 events; rejects: type is not mapped 1, invalid_time 1" in finished.stderr
    assert load_mapping(out).columns[0] == "order_id"
    command.remove("--inspect")
    refused = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 3 and "no mapping given: `pbm360 import --inspect" in refused.stderr
