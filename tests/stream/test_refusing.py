"""Dead letters: the reason and a pointer, never the payload."""

import json

from pbm360.domain.decode import Rejection, Stamps
from pbm360.stream.blocks import Message
from pbm360.stream.refusing import dead_letter, dead_letter_row
from pbm360.stream.sinks import DEAD_LETTER_SCHEMA

MESSAGE = Message(Stamps("7", 1_000_000, 2_000_000, 86_400_000_001), "oms", "{}", b"the payload names P-SECRET")


def test_a_dead_letter_holds_the_reason_and_a_pointer_but_not_the_payload():
    body, attributes = dead_letter(MESSAGE, Rejection("wrong_type", "quantity"))
    assert json.loads(body) == {
        "reason_code": "wrong_type",
        "detail": "quantity",
        "message_id": "7",
        "known_date": "1970-01-02",
        "publish_time": "1970-01-01T00:00:01+00:00",
        "source": "oms",
    }
    assert attributes == {"reason_code": "wrong_type"}
    assert b"SECRET" not in body


def test_its_row_names_the_message_and_the_partition_of_bronze_that_holds_it():
    row = dead_letter_row(MESSAGE, Rejection("wrong_type", "quantity"))
    assert dict(zip(DEAD_LETTER_SCHEMA.names, row, strict=True)) == {
        "message_id": "7",
        "known_date": 1,
        "source": "oms",
        "reason_code": "wrong_type",
        "detail": "quantity",
        "publish_time": 1_000_000,
        "refused_at": 2_000_000,
    }
