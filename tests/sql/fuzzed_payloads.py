"""Payloads at random, for Hypothesis: events with fields of any value, members twice, bytes damaged."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from pbm360.domain import rules
from tests.sql.field_values import NESTED, NUMBERS, TEXTS, TIMES, quoted, spellings, values_for
from tests.sql.payloads import GOOD


def _anything_for_fields() -> list[tuple[str, str]]:
    return [
        (field.field, value)
        for field in rules.typed_fields()
        for value in [*values_for(field.kind, field.field), '"P1"', '"S-1"']
    ]


FIELD_VALUES = st.sampled_from(_anything_for_fields())
FOREIGN_VALUES = st.tuples(st.sampled_from([field.field for field in rules.typed_fields()]), FIELD_VALUES).map(
    lambda pair: (pair[0], pair[1][1])
)
MEMBER_VALUES = st.tuples(
    st.sampled_from(["id", "source", "type", "time", "subject", "specversion", "dataschema", "data", "extra"]),
    st.sampled_from(quoted([*TIMES, *TEXTS, *spellings("type"), *spellings("source")]) + [*NUMBERS, *NESTED]),
)
DAMAGES = st.tuples(st.floats(0, 1), st.sampled_from(["cut", "drop", "insert"]), st.binary(min_size=1, max_size=3))


@st.composite
def fuzzed_payloads(draw) -> bytes:
    """Draw an event with some fields and perhaps a member of the envelope of any value, perhaps with damaged bytes."""
    fields = draw(st.lists(st.one_of(FIELD_VALUES, FIELD_VALUES, FOREIGN_VALUES), max_size=4))
    event_type = draw(st.sampled_from(spellings("type")))
    members = {**GOOD, "type": event_type, "data": "@@"}
    data = "{" + ", ".join(f'"{name}": {value}' for name, value in fields) + "}"
    payload = json.dumps(members, ensure_ascii=False).replace('"@@"', data)
    for name, value in draw(st.lists(MEMBER_VALUES, max_size=1)):
        payload = (
            f'{payload[:-1]}, "{name}": {value}}}' if draw(st.booleans()) else f'{{"{name}": {value}, {payload[1:]}'
        )
    raw = payload.encode("utf-8", "surrogatepass")
    for share, damage, extra in draw(st.lists(DAMAGES, max_size=1)) if draw(st.booleans()) else []:
        place = int(share * len(raw))
        raw = raw[:place] + {"cut": b"", "drop": raw[place + 1 :], "insert": extra + raw[place:]}[damage]
    return raw
