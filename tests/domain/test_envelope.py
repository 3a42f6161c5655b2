"""The envelope of an event, and how its time is written."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm360.domain.envelope import build_event, encode, format_microseconds, format_time, to_instant, to_microseconds

NEW_YORK_WINTER = datetime.timezone(datetime.timedelta(hours=-5))
INSTANTS = st.datetimes(datetime.datetime(2010, 1, 1), datetime.datetime(2100, 1, 1), timezones=st.just(datetime.UTC))


def test_an_event_is_the_cloudevents_envelope_of_the_contract():
    event = build_event("A1-03", "wms", "filled", "2026-11-20T14:03:11.250Z", "A1", {"station": "fill-2"})
    assert encode(event) == (
        b'{"specversion":"1.0","id":"A1-03","source":"wms","type":"filled","time":"2026-11-20T14:03:11.250Z",'
        b'"subject":"A1","dataschema":"order-event/1","data":{"station":"fill-2"}}'
    )


def test_text_of_any_script_is_utf8():
    event = build_event("A1-01", "crm", "call", "2026-11-20T14:03:11.250Z", "A1", {"reason": "Zoë"})
    assert json.loads(encode(event).decode("utf-8"))["data"] == {"reason": "Zoë"}


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime.datetime(2026, 11, 20, 14, 3, 11, 250000, datetime.UTC), "2026-11-20T14:03:11.250Z"),
        (datetime.datetime(2026, 11, 20, 14, 3, 11, 250001, datetime.UTC), "2026-11-20T14:03:11.250001Z"),
        (datetime.datetime(2026, 11, 20, 14, 3, 11, 0, datetime.UTC), "2026-11-20T14:03:11.000Z"),
        (datetime.datetime(2026, 11, 20, 9, 3, 11, 250000, NEW_YORK_WINTER), "2026-11-20T14:03:11.250Z"),
        (datetime.datetime(2024, 2, 29, 23, 59, 59, 999999, datetime.UTC), "2024-02-29T23:59:59.999999Z"),
    ],
)
def test_a_time_is_written_in_utc_with_three_or_six_decimals(instant, text):
    assert format_time(instant) == text


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="needs a time zone; got the naive time 2026-11-20T14:03:11"):
        format_time(datetime.datetime(2026, 11, 20, 14, 3, 11))


def test_microseconds_count_from_1970():
    assert to_microseconds(datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC)) == 86_400_000_000
    assert to_instant(86_400_000_001) == datetime.datetime(1970, 1, 2, 0, 0, 0, 1, tzinfo=datetime.UTC)


@given(INSTANTS)
def test_a_written_time_reads_back_as_the_same_instant(instant):
    assert datetime.datetime.fromisoformat(format_time(instant)) == instant
    assert to_instant(to_microseconds(instant)) == instant


@given(INSTANTS, INSTANTS)
def test_instants_keep_their_order_in_microseconds(earlier, later):
    assert (earlier < later) == (to_microseconds(earlier) < to_microseconds(later))
    assert format_microseconds(to_microseconds(earlier)) == format_time(earlier)
