"""Replace a function or object of the emulator in every module that has imported it."""

from __future__ import annotations

import sys

EMULATOR = "bqemulator"


def replace_everywhere(old, new) -> None:
    """Point every name of the loaded emulator modules that is `old` at `new`.

    A plain assignment to the defining module would miss the modules that did `from x import y`.
    Raises `LookupError` where nothing refers to `old`: a correction that corrects nothing must not pass in silence.
    """
    found = 0
    for module_name, module in list(sys.modules.items()):
        if module is None or not (module_name == EMULATOR or module_name.startswith(EMULATOR + ".")):
            continue
        for name, value in list(vars(module).items()):
            if value is old:
                setattr(module, name, new)
                found += 1
    if not found:
        raise LookupError(f"no module of {EMULATOR} refers to {getattr(old, '__qualname__', old)!r}")
