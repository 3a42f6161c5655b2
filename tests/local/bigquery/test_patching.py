"""Replacing a function of the emulator wherever it was imported."""

import sys
from types import ModuleType

import pytest

from pbm360.local.bigquery.patching import replace_everywhere


def old():
    """Stand for a function of the emulator."""


def new():
    """Stand for our correction of it."""


@pytest.fixture
def modules(monkeypatch):
    made = {name: ModuleType(name) for name in ("bqemulator.defining", "bqemulator.using", "bqemulators")}
    for name, module in made.items():
        module.work = old
        monkeypatch.setitem(sys.modules, name, module)
    return made


def test_every_module_of_the_emulator_gets_the_new_one(modules):
    replace_everywhere(old, new)
    assert [module.work for module in modules.values()] == [new, new, old]


def test_a_correction_that_corrects_nothing_is_an_error(modules):
    replace_everywhere(old, new)
    with pytest.raises(LookupError, match="old"):
        replace_everywhere(old, new)
