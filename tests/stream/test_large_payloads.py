"""Payloads over 8 MB: an object and a pointer with its hash, once, whatever the number of deliveries."""

import hashlib
import json

from pbm360.domain.decode import Decoder, Rejection, Stamps
from pbm360.stream.large_payloads import LARGEST_PAYLOAD_BYTES, landable

NOW = 1_795_000_000_000_000
LARGE = b"x" * (LARGEST_PAYLOAD_BYTES + 1)


def test_the_largest_payload_that_a_row_holds_is_left_alone(tmp_path):
    payload = LARGE[1:]
    assert landable(payload, str(tmp_path / "none")) is payload
    assert not (tmp_path / "none").exists()


def test_a_larger_one_is_kept_byte_for_byte_and_bronze_gets_its_address_and_hash(tmp_path):
    folder = tmp_path / "large"
    first, again = (landable(LARGE, str(folder)) for _ in range(2))
    assert first == again
    pointer = json.loads(first)
    [kept] = folder.iterdir()
    assert pointer == {
        "payload_uri": str(kept),
        "payload_sha256": hashlib.sha256(LARGE).hexdigest(),
        "payload_bytes": len(LARGE),
    }
    assert kept.read_bytes() == LARGE


def test_a_pointer_is_no_event(tmp_path):
    pointer = landable(LARGE, str(tmp_path / "large"))
    assert Decoder("k" * 40).decode(pointer, Stamps("1", NOW, NOW, NOW)) == Rejection("missing_field", "id")
