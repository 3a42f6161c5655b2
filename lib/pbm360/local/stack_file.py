"""Keep the local stack's file: addresses, ports and processes, for its owner alone."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pbm360.local.processes import ProcessRecord
from pbm360.settings import Settings


@dataclass
class StackState:
    """What the stack's file holds. Addresses are named as in the settings, processes as people see them."""

    addresses: dict[str, str] = field(default_factory=dict)
    processes: dict[str, dict] = field(default_factory=dict)  # name -> ProcessRecord
    ports: dict[str, dict[str, int]] = field(default_factory=dict)  # name -> option -> port; kept while it is down

    def record(self, name: str) -> ProcessRecord | None:
        """Return the process that was started under the name, if one was."""
        return ProcessRecord(**self.processes[name]) if name in self.processes else None

    def is_running(self, name: str) -> bool:
        """Say whether the process that was started under the name still runs."""
        record = self.record(name)
        return record is not None and record.process() is not None


def read_state(settings: Settings) -> StackState:
    """Return what the file holds; an empty state where there is none."""
    if not settings.stack_file.exists():
        return StackState()
    return StackState(**json.loads(settings.stack_file.read_text()))


def write_state(settings: Settings, state: StackState) -> None:
    """Write the file as a whole, so that a reader never sees a part of it."""
    draft = settings.stack_file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(state), indent=1))
    draft.replace(settings.stack_file)


@contextmanager
def changing_state(settings: Settings) -> Iterator[StackState]:
    """Read the state while no other command may change it; whoever changes it writes it."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go where the file is closed, also by a crash
        yield read_state(settings)


def log_file(settings: Settings, name: str) -> Path:
    """Where a process of the stack writes what it prints."""
    return settings.state_dir / "logs" / f"{name.lower().replace('/', '')}.log"
