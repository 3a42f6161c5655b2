"""Equal rows are numbered as a plain count would, whatever the number of rows that are looked through together."""

import hashlib
import random
from collections import Counter

import pytest

from pbm360.feeds import occurrences
from pbm360.feeds.occurrences import Occurrences


def digest_of(row: int) -> bytes:
    return hashlib.sha256(str(row).encode()).digest()


@pytest.mark.parametrize("rows_at_once", [16, 64, 1 << 21])
@pytest.mark.parametrize(("row_count", "different"), [(0, 1), (1, 1), (500, 1), (500, 60), (500, 10**9)])
def test_equal_rows_are_numbered_as_a_plain_count_does(monkeypatch, rows_at_once, row_count, different):
    monkeypatch.setattr(occurrences, "ROWS_AT_ONCE", rows_at_once)
    lots = random.Random(row_count)
    digests = [digest_of(lots.randrange(different)) for _ in range(row_count)]
    noted, counts, expected = Occurrences(), Counter(), []
    for digest in digests:
        noted.note(digest)
        counts[digest] += 1
        expected.append(counts[digest])
    assert [noted.number(digest) for digest in digests] == expected


def test_digests_that_share_their_beginning_are_not_taken_for_equal():
    noted = Occurrences()
    first, second = b"\x00" * 8 + b"a" * 24, b"\x00" * 8 + b"b" * 24
    for digest in (first, second, first):
        noted.note(digest)
    assert [noted.number(digest) for digest in (first, second, first)] == [1, 1, 2]


def test_only_what_came_twice_is_held():
    noted = Occurrences()
    for row in [*range(1000), 7]:
        noted.note(digest_of(row))
    assert [noted.number(digest_of(row)) for row in (7, 8, 7)] == [1, 1, 2]
    assert len(noted._numbers) == 1
