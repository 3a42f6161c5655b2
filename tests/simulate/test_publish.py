"""Publishing a simulation to the real topic, its truth to the real warehouse."""

import datetime
import threading

from pbm360.simulate.messages import Message
from pbm360.simulate.publish import due_batches

SECOND = datetime.timedelta(seconds=1)


def message(text: str, observed_at: datetime.datetime) -> Message:
    return Message(text.encode(), {"source": "oms"}, observed_at)


def test_what_is_due_comes_at_once_and_what_is_not_waits_for_its_time():
    now = datetime.datetime.now(datetime.UTC)
    past = [message(f"past {number}", now - (1300 - number) * SECOND) for number in range(1200)]
    soon = message("soon", now + 0.4 * SECOND)
    never = message("never", now + 3600 * SECOND)
    stop_event, received = threading.Event(), []
    for batch in due_batches(iter([*past, soon, never]), stop_event):
        assert batch[-1].observed_at <= datetime.datetime.now(datetime.UTC)
        received += batch
        if soon in batch:
            stop_event.set()
    assert received == [*past, soon]


def test_messages_of_one_instant_are_never_split():
    instant = datetime.datetime.now(datetime.UTC) - SECOND
    stop_event = threading.Event()
    messages = [message(str(number), instant) for number in range(700)]
    batches = due_batches(iter([*messages, message("never", instant + 3600 * SECOND)]), stop_event)
    assert next(batches) == messages


def test_a_stopped_trickle_yields_nothing():
    stop_event = threading.Event()
    stop_event.set()
    instant = datetime.datetime.now(datetime.UTC) - SECOND
    assert list(due_batches(iter([message("a", instant)]), stop_event)) == []
