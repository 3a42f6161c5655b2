"""Payloads over 8 MB: an object and a pointer with its hash, once, whatever the number of deliveries."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pbm360.domain.decode import Decoder, Rejection, Stamps
from pbm360.stream.large_payloads import LARGEST_PAYLOAD_BYTES, NotThePayload, landable, pointed_to

NOW = 1_795_000_000_000_000
LARGE = b"x" * (LARGEST_PAYLOAD_BYTES + 1)
KILLED_HALF_WAY = """
import resource, signal, sys
from pbm360.stream.large_payloads import LARGEST_PAYLOAD_BYTES, landable
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the kernel kills the process at the write that passes the limit
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
landable(b"x" * (LARGEST_PAYLOAD_BYTES + 1), sys.argv[1])
"""


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


def test_what_a_killed_process_left_truncated_is_replaced(tmp_path):
    kept = tmp_path / hashlib.sha256(LARGE).hexdigest()
    kept.write_bytes(LARGE[:1000])
    landable(LARGE, str(tmp_path))
    assert kept.read_bytes() == LARGE


def test_a_write_that_is_killed_half_way_leaves_nothing_under_the_payloads_name(tmp_path):
    folder = tmp_path / "large"
    killed = subprocess.run([sys.executable, "-c", KILLED_HALF_WAY, str(folder)], check=False)
    assert killed.returncode == -signal.SIGXFSZ
    [unfinished] = folder.iterdir()
    assert 0 < unfinished.stat().st_size < len(LARGE)
    assert unfinished.name != hashlib.sha256(LARGE).hexdigest()
    pointer = json.loads(landable(LARGE, str(folder)))
    assert Path(pointer["payload_uri"]).read_bytes() == LARGE


def test_a_pointer_leads_back_to_the_payload_and_anything_else_is_itself(tmp_path):
    assert pointed_to(landable(LARGE, str(tmp_path))) == LARGE
    for payload in (b"{}", b"[1]", b"\xff", b'{"payload_uri": "a"}'):
        assert pointed_to(payload) is payload


def test_a_pointer_of_a_sources_own_making_gives_no_other_file_away(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    forged = {"payload_uri": str(secret), "payload_sha256": digest, "payload_bytes": 6}
    with pytest.raises(NotThePayload, match=str(secret)):
        pointed_to(json.dumps(forged).encode())
    named = secret.rename(tmp_path / "0")
    with pytest.raises(NotThePayload, match=str(named)):
        pointed_to(json.dumps(forged | {"payload_uri": str(named), "payload_sha256": "0"}).encode())
