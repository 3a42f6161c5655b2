"""Run `airflow` commands one after the other in one process, so that Airflow is imported once.

Each line of standard input is a command's arguments as JSON; after it a line `EXIT <code>` goes to standard output.
"""

from __future__ import annotations

import json
import sys

from airflow.__main__ import main


def run(arguments: list[str]) -> int:
    """Run one command as the shell would; return its exit code."""
    sys.argv = ["airflow", *arguments]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


if __name__ == "__main__":
    for line in sys.stdin:
        code = run(json.loads(line))
        print(f"\nEXIT {code}", flush=True)
