"""What is tried again, how long it waits, and what is told instead."""

import itertools

import pytest
from google.api_core import exceptions

from pbm360.broker import BrokerError
from pbm360.stream import retrying
from pbm360.stream.retrying import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, NotSetUp, Stopped, until_taken
from pbm360.stream.shared import StopFlag


class CountingStop(StopFlag):
    """Note how long is waited, without waiting; set itself at the wait of that number."""

    def __init__(self, set_at: int | None = None):
        super().__init__()
        self.waits: list[float] = []
        self._set_at = set_at

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if len(self.waits) == self._set_at:
            self.set()
        return self.is_set()


class Server:
    """Fail with these errors, one after the other, and take what comes after them."""

    def __init__(self, *errors: Exception):
        self._errors = iter(errors)
        self.calls = 0

    def write(self) -> str:
        self.calls += 1
        for error in self._errors:
            raise error
        return "taken"


def away(count: int) -> list[Exception]:
    return [exceptions.ServiceUnavailable("away")] * count


def wrapped(cause: Exception) -> BrokerError:
    error = BrokerError("publishing failed")
    error.__cause__ = cause
    return error


def test_waits_double_up_to_a_longest_and_are_shortened_by_up_to_a_half():
    stop, server = CountingStop(), Server(*away(200))
    assert until_taken(server.write, "a table", "nothing", stop) == "taken"
    assert server.calls == 201
    full = [min(FIRST_WAIT_SECONDS * 2**number, LONGEST_WAIT_SECONDS) for number in range(200)]
    shares = [wait / longest for wait, longest in zip(stop.waits, full, strict=True)]
    assert all(0.5 <= share <= 1.0 for share in shares)
    assert min(shares) < 0.6 and max(shares) > 0.9  # of 200, all but surely
    assert max(stop.waits) > LONGEST_WAIT_SECONDS * 0.9


def test_each_write_begins_with_a_short_wait_again():
    stop, server = CountingStop(), Server(*away(5))
    until_taken(server.write, "a table", "nothing", stop)
    until_taken(Server(*away(1)).write, "a table", "nothing", stop)
    assert stop.waits[-1] <= FIRST_WAIT_SECONDS


def test_a_stop_ends_the_waiting_after_one_last_try():
    stop, server = CountingStop(set_at=3), Server(*away(100))
    with pytest.raises(Stopped, match="a table: 503 away"):
        until_taken(server.write, "a table", "nothing", stop)
    assert (server.calls, len(stop.waits)) == (4, 3)


@pytest.mark.parametrize("wrap", [lambda error: error, wrapped])
@pytest.mark.parametrize("kind", [exceptions.InvalidArgument, exceptions.OutOfRange])
def test_what_the_server_refuses_is_told_at_once(kind, wrap):
    stop, server = CountingStop(), Server(wrap(kind("a wrong row")))
    with pytest.raises((kind, BrokerError)):
        until_taken(server.write, "a table", "nothing", stop)
    assert (server.calls, stop.waits) == (1, [])


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ResourceExhausted("no memory"),
        exceptions.InternalServerError("a fault"),
        exceptions.DeadlineExceeded("no answer"),
        exceptions.Aborted("another write"),
        exceptions.RetryError("tried for long", exceptions.ServiceUnavailable("away")),
        wrapped(exceptions.RetryError("tried for long", exceptions.ServiceUnavailable("away"))),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_by_is_waited_for(error):
    assert until_taken(Server(error, error).write, "a table", "nothing", CountingStop()) == "taken"


@pytest.mark.parametrize("kind", [exceptions.NotFound, exceptions.PermissionDenied, exceptions.Unauthenticated])
@pytest.mark.parametrize("wrap", [lambda error: error, wrapped])
def test_a_place_that_is_missing_or_forbidden_is_waited_for_and_then_told_with_what_helps(kind, wrap, monkeypatch):
    clock = itertools.count(0, 60)
    monkeypatch.setattr(retrying.time, "monotonic", lambda: next(clock))
    server = Server(*[wrap(kind("no"))] * 100)
    with pytest.raises(NotSetUp, match="a table: .*; make the tables"):
        until_taken(server.write, "a table", "make the tables", CountingStop())
    assert server.calls == 1 + retrying.PATIENCE_SECONDS / 60


def test_a_place_that_is_made_meanwhile_is_written_to(caplog):
    assert until_taken(Server(exceptions.NotFound("no table")).write, "a table", "make it", CountingStop()) == "taken"
    assert "404 no table; make it" in caplog.text


def test_the_patience_with_a_missing_place_begins_anew_after_the_server_was_away(monkeypatch):
    clock = itertools.count(0, 200)
    monkeypatch.setattr(retrying.time, "monotonic", lambda: next(clock))
    missing = exceptions.NotFound("no table")
    errors = [missing, missing, *away(1), missing, missing]
    assert until_taken(Server(*errors).write, "a table", "make it", CountingStop()) == "taken"
