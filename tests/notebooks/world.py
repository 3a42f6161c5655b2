"""A stack of its own for the chapters: fresh, so that what they print can be foreseen, and without a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pbm360.local import stack
from pbm360.settings import Settings

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
KEY = "the-key-of-the-chapters-0123456789abcdef"  # pseudonyms in stored outputs must not differ from run to run
NOWHERE = "http://127.0.0.1:9"  # a proxy that does not answer: what asks for an outside address fails


@contextmanager
def fresh_stack(state_dir: Path) -> Iterator[dict[str, str]]:
    """Start a stack on an empty folder; yields the environment that makes notebooks use it, and nothing else."""
    settings = Settings(state_dir=state_dir)
    stack.up(settings)
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "grpc_proxy"), NOWHERE)
    offline |= dict.fromkeys(("no_proxy", "NO_PROXY", "no_grpc_proxy"), "127.0.0.1,localhost")
    path = os.pathsep.join([str(ROOT / "tests/notebooks/offline"), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        yield (
            os.environ | offline | {"PYTHONPATH": path, "PBM360_STATE_DIR": str(state_dir), "PBM360_PSEUDONYM_KEY": KEY}
        )
    finally:
        stack.down(settings)
