"""A log is read once before anything is published, and what it holds is counted."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest

from pbm360.feeds.errors import FeedError, UnmappedTypesError
from pbm360.feeds.mapping import parse_mapping
from pbm360.feeds.survey import counts_text, numbered_events, survey_log

LONG = {
    "shape": "long",
    "order": "order_no",
    "type": {"column": "what", "values": {"IN": "referral_received", "OUT": "delivered"}},
    "time": {"column": "when", "zone": "Europe/Amsterdam"},
}
HEADER = "order_no,what,when\n"
ROWS = [
    "A1,IN,2026-10-24 10:00:00",
    "A1,OUT,2026-10-25 02:30:00",  # occurs twice
    "B2,IN,2026-03-29 02:30:00",  # never occurred
    ",IN,2026-10-24 11:00:00",
    "C3,IN,soon",
    "A1,IN,2026-10-24 10:00:00",  # the first row once more
]


@pytest.fixture
def write(tmp_path):
    def run(*rows: str):
        path = tmp_path / "log.csv"
        path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        return path

    return run


def mapping(**changes):
    return parse_mapping(LONG | changes)


def test_everything_is_counted(write):
    survey = survey_log(write(*ROWS), mapping())
    assert (survey.row_count, survey.event_count, survey.rows_without_event_count) == (6, 6, 0)
    assert survey.event_counts == {"referral_received": 5, "delivered": 1}
    assert (survey.ambiguous_time_count, survey.nonexistent_time_count) == (1, 1)
    assert survey.defect_counts == {"missing_field (subject)": 1, "invalid_time": 1}
    assert survey.first_defects == {"missing_field (subject)": "line 5", "invalid_time": "line 6: 'soon'"}
    assert survey.first_known_at == datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.UTC)
    assert survey.last_known_at == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)


def test_types_that_are_not_mapped_are_refused_with_their_names_and_counts(write):
    path = write("A1,PING,x", *ROWS, "A1,PONG,x", "A1,PING,x")
    with pytest.raises(UnmappedTypesError, match=r"log.csv column what holds types .*: PING 2, PONG 1; nothing was p"):
        survey_log(path, mapping())


def test_types_are_left_out_on_the_mappings_word_and_counted(write):
    path = write("A1,PING,x", *ROWS, "A1,PONG,x", "A1,PING,x")
    survey = survey_log(path, mapping(type=LONG["type"] | {"on_unmapped": "ignore"}))
    assert (survey.row_count, survey.event_count, survey.rows_without_event_count) == (9, 6, 3)
    assert survey.ignored_counts == {"PING": 2, "PONG": 1}
    with pytest.raises(UnmappedTypesError, match=r": PONG 1; nothing"):
        survey_log(path, mapping(type=LONG["type"] | {"ignore": ["PING"]}))


def test_rows_without_an_id_get_one_of_their_content_and_equal_rows_are_numbered(write):
    path = write(*ROWS)
    ids = [event_id for event_id, _ in numbered_events(path, mapping(), survey_log(path, mapping()))]
    assert len(set(ids)) == 6
    assert (ids[0][:-2], ids[0][-2:], ids[5][-2:]) == (ids[5][:-2], "-1", "-2")
    assert all(event_id.endswith("-1") for event_id in ids[:5])


def test_the_same_rows_give_the_same_ids_also_in_a_log_that_grew(write):
    path = write(*ROWS)
    before = [event_id for event_id, _ in numbered_events(path, mapping(), survey_log(path, mapping()))]
    path = write(*ROWS, "D4,OUT,2026-11-01 10:00:00")
    after = [event_id for event_id, _ in numbered_events(path, mapping(), survey_log(path, mapping()))]
    assert after[:6] == before
    assert len(set(after)) == 7


def test_many_values_are_listed_by_their_counts_and_then_cut():
    counts = Counter({f"T{number:02d}": 100 - number for number in range(32)})
    text = counts_text(counts)
    assert text.startswith("T00 100, T01 99, ")
    assert text.endswith("T29 71 and 2 more")


def test_a_wide_row_without_any_time_is_counted(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("order_no,received,delivered\nA1,2026-11-20 08:00,2026-11-22 17:00\nB2,,\n")
    content = {
        "shape": "wide",
        "order": "order_no",
        "events": {"received": "referral_received", "delivered": "delivered"},
        "time": {"zone": "UTC"},
    }
    survey = survey_log(path, parse_mapping(content))
    assert (survey.row_count, survey.event_count, survey.rows_without_event_count) == (2, 2, 1)


def test_a_log_none_of_whose_times_can_be_read_is_refused_with_the_first_value(write):
    with pytest.raises(FeedError, match="no time that can be read, first in line 2: '20/11/2026'; expected is ISO"):
        survey_log(write("A1,IN,20/11/2026", "A1,OUT,21/11/2026"), mapping())
