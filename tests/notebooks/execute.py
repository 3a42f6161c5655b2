"""Execute every chapter on a fresh stack and store its outputs (`make notebooks`), or only those that are named.

All are executed, since each builds on those before it; a number such as `08` names a chapter whose outputs are stored.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.notebooks.world import CHAPTERS, ROOT, fresh_stack


def main() -> int:
    """Execute the chapters in order and write them back without times of execution."""
    with tempfile.TemporaryDirectory() as folder, fresh_stack(Path(folder) / "state") as environment:
        os.environ.update(environment)
        for path in CHAPTERS:  # all of them, in order: each builds on those before it
            started = time.monotonic()
            notebook = nbformat.read(path, as_version=4)
            NotebookClient(
                notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(ROOT / "notebooks")}}
            ).execute()
            notebook.metadata = {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                "language_info": {"name": "python"},
            }
            if not sys.argv[1:] or path.stem[:2] in sys.argv[1:]:
                nbformat.write(notebook, path)
            print(f"{path.stem}: {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
