"""Try a write until its server takes it: wait while the server is away, and say what no waiting will mend."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from google.api_core import exceptions

from pbm360.broker import BrokerError
from pbm360.stream.shared import StopFlag

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 20.0
PATIENCE_SECONDS = 300.0  # on Google Cloud a grant takes minutes to hold; a table may be in the making
REFUSALS = (exceptions.InvalidArgument, exceptions.OutOfRange)
NOT_SET_UP = (
    exceptions.NotFound,
    exceptions.Forbidden,
    exceptions.Unauthorized,
    exceptions.FailedPrecondition,
    exceptions.MethodNotImplemented,
)
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


class Stopped(RuntimeError):
    """The stream is stopping, so a write that keeps failing is given up; its messages stay unacknowledged."""


class NotSetUp(RuntimeError):
    """What is written to has been missing or forbidden for minutes; the text says what helps."""


def until_taken(write: Callable[[], Answer], where: str, what_helps: str, stop: StopFlag | None = None) -> Answer:
    """Call `write` until it succeeds, and return what it returns; it is one that may be done twice.

    Each wait is twice the one before, 20 s at most, and shortened by up to a half at random, so that several writers
    don't knock together. Raises what the server refuses (an argument that is invalid) at once; `NotSetUp` once the
    place has been missing or forbidden for five minutes; `Stopped` where `stop` is set and the write fails.
    """
    wait, unset_since = FIRST_WAIT_SECONDS, None
    while True:
        try:
            return write()
        except (exceptions.GoogleAPIError, BrokerError) as error:
            cause = _cause(error)
            if isinstance(cause, REFUSALS):
                raise
            if stop and stop.is_set():
                raise Stopped(f"{where}: {error}") from error
            if not isinstance(cause, NOT_SET_UP):
                unset_since = None
            elif unset_since is None:
                unset_since = time.monotonic()
            elif time.monotonic() - unset_since >= PATIENCE_SECONDS:
                raise NotSetUp(f"{where}: {error}; {what_helps}") from error
            hint = f"; {what_helps}" if unset_since is not None else ""
            log.warning("%s takes nothing (%s%s); trying again in %.1f s", where, error, hint, wait)
            _pause(wait * random.uniform(0.5, 1.0), stop)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)


def _cause(error: Exception) -> Exception:
    """Return what the server answered last, behind the errors that calls wrap it in."""
    if isinstance(error, BrokerError):
        error = error.__cause__ or error
    return error.cause if isinstance(error, exceptions.RetryError) else error


def _pause(seconds: float, stop: StopFlag | None) -> None:
    if stop:
        stop.wait(seconds)
    else:
        time.sleep(seconds)
