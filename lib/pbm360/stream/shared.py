"""Let the pipeline's steps share an object, although Beam pickles every step: in this process, or in each worker."""

from __future__ import annotations

import itertools
import threading
import uuid
import weakref
from collections.abc import Callable
from typing import Any

_objects: weakref.WeakValueDictionary[int, SharedInProcess] = weakref.WeakValueDictionary()
_numbers = itertools.count(1)
_made: dict[str, Any] = {}
_making = threading.Lock()


class SharedInProcess:
    """An object that is pickled as a reference: unpickled in the same process, it is the same object."""

    def __init__(self) -> None:
        self._shared_number = next(_numbers)
        _objects[self._shared_number] = self

    def __reduce__(self):
        return find, (self._shared_number,)

    def here(self):
        """Return the object itself: it is here already."""
        return self


class MadeByWorker:
    """The recipe of an object: every process makes one when it first asks, and keeps it for all of its threads.

    `make` travels with the pipeline, so it is a class, a named function or a `functools.partial` of one.
    """

    def __init__(self, make: Callable[[], Any]):
        self._name, self._make = uuid.uuid4().hex, make

    def here(self):
        """Return this process's object."""
        with _making:
            if self._name not in _made:
                _made[self._name] = self._make()
            return _made[self._name]


def find(number: int) -> SharedInProcess:
    """Return the shared object of that number. Raises `LookupError` in a process that does not hold it."""
    try:
        return _objects[number]
    except KeyError:
        raise LookupError(f"shared object {number} lives in another process, or is gone") from None


class StopFlag(SharedInProcess):
    """Tell every step that the stream is to end."""

    def __init__(self) -> None:
        super().__init__()
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the stream to end."""
        self._event.set()

    def is_set(self) -> bool:
        """Tell whether it was asked to end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is asked to end; tell which."""
        return self._event.wait(seconds)
