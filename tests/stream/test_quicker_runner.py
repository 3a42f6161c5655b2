"""What the laptop's runner is spared: the answers stay Beam's own."""

import gc

import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.transforms import core, trigger, userstate
from apache_beam.transforms.combiners import CountCombineFn
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Timestamp

from pbm360.stream.counting import AddMinute
from pbm360.stream.quicker_runner import (
    earliest_hold,
    few_collections,
    find_specs,
    quicken,
    read_arguments,
    remember_arguments,
    remember_specs,
    unpickled_copy,
)

beams_earliest_hold = trigger.InMemoryUnmergedState.get_earliest_hold  # this module is collected before anything runs


def test_remembered_arguments_are_those_that_beam_reads():
    for function in (AddMinute().process, AddMinute.process, AddMinute().setup, read_arguments):
        assert remember_arguments(function) == read_arguments(function) == remember_arguments(function)
    assert remember_arguments(AddMinute().process) != remember_arguments(AddMinute.process)  # the one has no self


def test_a_caller_that_changes_its_arguments_changes_nobody_elses():
    names, defaults = remember_arguments(AddMinute().process)
    names.clear()
    defaults.clear()
    assert remember_arguments(AddMinute().process) == read_arguments(AddMinute().process)


def test_a_callable_object_is_read_anew():
    partial = beam.Map(str).fn.process
    assert remember_arguments(partial) == read_arguments(partial)
    assert remember_arguments(len) == read_arguments(len)


class CountCalls(beam.DoFn):
    """A step with state, and an attribute of its own."""

    COUNT = beam.DoFn.StateParam(userstate.ReadModifyWriteStateSpec("count", VarIntCoder()))

    def __init__(self):
        self.calls = []

    def process(self, element, count=COUNT):
        """Yield nothing."""


class TakeMethod(beam.DoFn):
    """A step whose `process` is another object's method."""

    def __init__(self, process):
        self.process = process


def test_remembered_specs_are_those_that_beam_finds():
    quicken()
    steps = [CountCalls(), AddMinute(), beam.Map(str).fn, TakeMethod(CountCalls().process), TakeMethod(str)]
    for step in [*steps, *steps]:
        assert remember_specs(step) == find_specs(step)
    assert [userstate.is_stateful_dofn(step) for step in steps] == [True, False, False, True, False]


def test_each_bundle_has_a_step_of_its_own():
    step = CountCalls()
    first, second = unpickled_copy(step), unpickled_copy(step)
    first.calls.append("a bundle")
    assert type(first) is CountCalls and (first.calls, second.calls, step.calls) == (["a bundle"], [], [])


def test_a_tag_without_extraction_merges_as_beam_does():
    quicken()
    assert core.get_function_args_defaults is remember_arguments
    tag = trigger._CombiningValueStateTag("index", CountCombineFn()).without_extraction()
    assert tag.tag == "index"
    assert tag.combine_fn.apply([1, 1, 1]) == 3
    state = trigger.MergeableStateAdapter(trigger.InMemoryUnmergedState())
    original = trigger._CombiningValueStateTag("index", CountCombineFn())
    for _ in range(3):
        state.add_state("window", original, 1)
    assert state.get_state("window", original) == 3


def test_the_earliest_hold_is_the_one_that_beam_finds():
    state = trigger.InMemoryUnmergedState()
    assert earliest_hold(state) == beams_earliest_hold(state) == MAX_TIMESTAMP
    for window, seconds in (("a", (5, 3.25)), ("b", (4,)), ("c", ())):
        state.state[window]["watermark"] += [Timestamp(second) for second in seconds]
    assert earliest_hold(state) == beams_earliest_hold(state) == Timestamp(micros=3_249_999)


def test_collections_are_as_before_afterwards():
    before = gc.get_threshold()
    with few_collections():
        assert gc.get_threshold()[0] > before[0] and gc.get_freeze_count() > 0
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0
