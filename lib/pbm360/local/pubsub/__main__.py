"""Start the laptop's Pub/Sub: `python -m pbm360.local.pubsub --data-dir D`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from pbm360.local.pubsub.limits import MIN_ACK_DEADLINE_SECONDS


def main() -> None:
    """Read the command line and serve until a signal."""
    parser = argparse.ArgumentParser(description="Serve Pub/Sub's gRPC API from a folder, on 127.0.0.1.")
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the messages; made where missing")
    parser.add_argument("--port", type=int, default=0, help="port (0: a free one)")
    parser.add_argument("--ready-file", type=Path, help="file that receives the address once the server answers")
    parser.add_argument(
        "--minimum-ack-deadline-seconds",
        type=int,
        default=MIN_ACK_DEADLINE_SECONDS,
        help="least ack deadline of a subscription (the service's own is %(default)s; tests want less)",
    )
    arguments = parser.parse_args()

    skip_clients()
    from pbm360.local.pubsub.server import serve

    serve(arguments.data_dir, arguments.port, arguments.ready_file, arguments.minimum_ack_deadline_seconds)


def skip_clients() -> None:
    """Let `google.pubsub_v1.types` be imported without the clients beside it, which take a second of a start.

    The package's own `__init__` imports them all; this process, which is a server alone, needs none.
    """
    spec = importlib.util.find_spec("google.pubsub_v1")
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)


if __name__ == "__main__":
    main()
