"""Let one stream at a time take a subscription's messages on this machine."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pbm360.settings import Settings


class StreamRunning(RuntimeError):
    """Another stream on this machine takes the messages; the text says which, and how it is ended."""


@contextmanager
def only_stream(settings: Settings) -> Iterator[None]:
    """Hold the subscription's lock, which ends with the process whatever ends it.

    Two streams would share the messages between them: the tables would be right, but each would take what it counts of
    a minute for the whole. Raises `StreamRunning` where another holds it.
    """
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    path = settings.state_dir / f"stream.{settings.project}.{settings.subscription}.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StreamRunning(
                f"a stream (pid {file.read().strip() or 'unknown'}) already takes the messages of "
                f"{settings.subscription}; `pbm360 speed-layer drain` ends the one in the background, Ctrl-C another"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
