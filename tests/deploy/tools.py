"""Find the scanners, each in an environment of its own under .pbm360/tools, locked by deploy/checks/*.txt.

They would pull the project's own packages down; so they are kept apart, made once, and found again afterwards.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "deploy" / "checks"
TOOLS = ROOT / ".pbm360" / "tools"


def find_uv() -> str:
    """Return uv's path: the machine's, or the one that the Makefile installed."""
    return shutil.which("uv") or str(TOOLS / "bin" / "uv")


def tool(name: str) -> Path:
    """Return the `bin` folder of a tool's environment, after making it where it is missing."""
    lock = LOCKS / f"{name}.txt"
    folder = TOOLS / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        draft = folder.with_suffix(f".{os.getpid()}")
        run_uv("venv", "--quiet", "--python", "3.11", "--relocatable", str(draft))
        run_uv("pip", "install", "--quiet", "--python", str(draft / "bin" / "python"), "-r", str(lock))
        try:
            draft.rename(folder)
        except OSError:  # another process was sooner
            shutil.rmtree(draft)
    return folder / "bin"


def run_uv(*arguments: str, **variables: str) -> str:
    """Run uv and return what it prints; raises `AssertionError` with what it said where it fails."""
    # our own environment must not be taken for the one that is meant
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | variables
    done = subprocess.run([find_uv(), *arguments], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"uv {' '.join(arguments)}: {done.stderr}"
    return done.stdout
