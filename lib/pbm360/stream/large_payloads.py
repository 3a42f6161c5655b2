"""Keep payloads that no row can hold: over 8 MB they go to an object, and its address and hash go into bronze.

Pub/Sub takes up to 10 MB a message, the Storage Write API 10 MB a request with all that is around the payload. What is
that large is no event: the pointer is judged in its place and refused for its missing members.
"""

from __future__ import annotations

import hashlib

import orjson
from apache_beam.io.filesystems import FileSystems

LARGEST_PAYLOAD_BYTES = 8_000_000


def landable(payload: bytes, folder: str) -> bytes:
    """Return the payload, or, where it is too large for a row, the pointer to the object that holds it now.

    The object is named by the payload's hash, so a message that comes again makes no second one.
    """
    if len(payload) <= LARGEST_PAYLOAD_BYTES:
        return payload
    digest = hashlib.sha256(payload).hexdigest()
    address = FileSystems.join(folder, digest)
    if not FileSystems.exists(address):
        _write(folder, address, payload)
    pointer = {"payload_uri": address, "payload_sha256": digest, "payload_bytes": len(payload)}
    return orjson.dumps(pointer)


def _write(folder: str, address: str, payload: bytes) -> None:
    if not FileSystems.exists(folder) and "://" not in folder:
        FileSystems.mkdirs(folder)
    with FileSystems.create(address, mime_type="application/octet-stream") as file:
        file.write(payload)
