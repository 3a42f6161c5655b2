"""Spare Beam's runner on one machine what it does anew for every bundle and pane, and Python most of its collections.

For each bundle the runner pickles each step and unpickles it, reads the signatures of its methods again and looks
through them for state and timers; for each look at a pane's state it makes a class; for each key it reckons with the
holds of every window. The results stay what they are. With small blocks that is half of what the stream costs.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from operator import attrgetter
from types import FunctionType, MethodType, SimpleNamespace
from weakref import WeakKeyDictionary

import apache_beam as beam
from apache_beam.internal import cloudpickle_pickler
from apache_beam.runners.direct import transform_evaluator
from apache_beam.transforms import core, trigger, userstate
from apache_beam.utils.timestamp import MAX_TIMESTAMP, TIME_GRANULARITY, Timestamp

SIGNATURES_REMEMBERED = 1024
YOUNG_OBJECTS = 100_000  # an event makes six objects that live as long as its block: not each 700 are worth a look

StateTag = trigger._CombiningValueStateTag
read_arguments = core.get_function_args_defaults
find_specs = userstate.get_dofn_specs
_known: dict[tuple, tuple[list[str], list]] = {}
_specs: dict[tuple, tuple[frozenset, frozenset]] = {}
_pickled: WeakKeyDictionary[beam.DoFn, bytes] = WeakKeyDictionary()


def remember_arguments(function) -> tuple[list[str], list]:
    """Return a function's arguments and their defaults, as Beam reads them; a method's without the one it is bound to.

    A step that was unpickled is another object with the same functions.
    """
    if not isinstance(function, FunctionType | MethodType):
        return read_arguments(function)
    key = (getattr(function, "__func__", function), isinstance(function, MethodType))
    if key not in _known:
        if len(_known) >= SIGNATURES_REMEMBERED:
            _known.clear()
        _known[key] = read_arguments(function)
    names, defaults = _known[key]
    return list(names), list(defaults)


def remember_specs(dofn: beam.DoFn) -> tuple[set, set]:
    """Return a step's state and timer specs, as Beam finds them: in its class, and in methods that it keeps itself."""
    # an attribute may hide a method of the class, and a method may be an attribute
    key = (type(dofn), *((name, getattr(value, "__func__", None)) for name, value in vars(dofn).items()))
    if key not in _specs:
        if len(_specs) >= SIGNATURES_REMEMBERED:
            _specs.clear()
        _specs[key] = tuple(map(frozenset, find_specs(dofn)))
    states, timers = _specs[key]
    return set(states), set(timers)


def unpickled_copy(dofn: beam.DoFn) -> beam.DoFn:
    """Return a step as its bundle gets it, fresh from its pickled form, which is made once."""
    if dofn not in _pickled:
        _pickled[dofn] = cloudpickle_pickler._dumps(dofn)
    return cloudpickle_pickler._loads(_pickled[dofn])


class WithoutExtraction(beam.CombineFn):
    """A combiner whose result is its accumulator."""

    def __init__(self, combine_fn: beam.CombineFn):
        self.setup, self.teardown = combine_fn.setup, combine_fn.teardown
        self.create_accumulator, self.add_input = combine_fn.create_accumulator, combine_fn.add_input
        self.merge_accumulators, self.compact = combine_fn.merge_accumulators, combine_fn.compact

    def extract_output(self, accumulator):
        """Return the accumulator."""
        return accumulator


def tag_without_extraction(tag: StateTag) -> StateTag:
    """Return the state's tag for reading accumulators; one object serves, where Beam makes a class each time."""
    return StateTag(tag.tag, WithoutExtraction(tag.combine_fn))


def earliest_hold(state: trigger.InMemoryUnmergedState) -> Timestamp:
    """Return the instant that a key's windows hold the watermark at; one subtraction, where Beam makes one a window."""
    holds = [hold for window in state.state.values() for hold in window.get("watermark", ())]
    return min(holds, key=nanoseconds) - TIME_GRANULARITY if holds else MAX_TIMESTAMP


nanoseconds = attrgetter("nanos")


@cache
def quicken() -> None:
    """Change the runner for this process, once."""
    core.get_function_args_defaults = remember_arguments
    userstate.get_dofn_specs = transform_evaluator.get_dofn_specs = remember_specs
    transform_evaluator.pickler = SimpleNamespace(roundtrip=unpickled_copy)
    StateTag.without_extraction = tag_without_extraction
    trigger.InMemoryUnmergedState.get_earliest_hold = earliest_hold


@contextmanager
def few_collections() -> Iterator[None]:
    """Let Python look for reference cycles seldom, and never among what is there already."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
