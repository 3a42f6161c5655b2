"""Keep payloads that no row can hold: over 8 MB they go to an object, and its address and hash go into bronze.

Pub/Sub takes up to 10 MB a message, the Storage Write API 10 MB a request with all that is around the payload. What is
that large is no event: the pointer is judged in its place and refused for its missing members.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import orjson
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

LARGEST_PAYLOAD_BYTES = 8_000_000
POINTER = {"payload_uri", "payload_sha256", "payload_bytes"}


class NotThePayload(ValueError):
    """An object holds something else than the pointer to it says; the text is its address."""


def landable(payload: bytes, folder: str) -> bytes:
    """Return the payload, or, where it is too large for a row, the pointer to the object that holds it now.

    The object is named by the payload's hash, so a message that comes again makes no second one; one of another size
    was left by a write that was cut off, and is replaced.
    """
    if len(payload) <= LARGEST_PAYLOAD_BYTES:
        return payload
    digest = hashlib.sha256(payload).hexdigest()
    address = FileSystems.join(folder, digest)
    if not _is_whole(address, len(payload)):
        _write(address, payload)
    pointer = {"payload_uri": address, "payload_sha256": digest, "payload_bytes": len(payload)}
    return orjson.dumps(pointer)


def pointed_to(payload: bytes) -> bytes:
    """Return what a pointer of `landable` stands for; any other payload is returned as it is.

    Raises `OSError` where the object can't be read, `NotThePayload` where its name or content is not of that hash: a
    source that sends a pointer of its own making learns of no other file.
    """
    try:
        pointer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload
    if not isinstance(pointer, dict) or pointer.keys() != POINTER:
        return payload
    address, digest = str(pointer["payload_uri"]), pointer["payload_sha256"]
    if address.replace("\\", "/").rpartition("/")[2] != digest:
        raise NotThePayload(address)
    with FileSystems.open(address, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        kept = file.read()
    if hashlib.sha256(kept).hexdigest() != digest:
        raise NotThePayload(address)
    return kept


def _is_whole(address: str, size: int) -> bool:
    return FileSystems.exists(address) and FileSystems.get_filesystem(address).size(address) == size


def _write(address: str, payload: bytes) -> None:
    """Write an object that is there whole or not at all; an object store shows it when it is closed."""
    if "://" in address:
        with FileSystems.create(address, mime_type="application/octet-stream") as file:
            file.write(payload)
        return
    path = Path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    with aside.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())  # the message is acknowledged soon: a power cut must not take its payload
    aside.replace(path)
