"""Start the laptop's BigQuery: `python -m pbm360.local.bigquery --data-dir D`."""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    """Read the command line and serve until a signal."""
    parser = argparse.ArgumentParser(description="Serve BigQuery's REST and Storage API from a folder, on 127.0.0.1.")
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the database; made where missing")
    parser.add_argument("--rest-port", type=int, default=0, help="port of the REST API (0: a free one)")
    parser.add_argument("--grpc-port", type=int, default=0, help="port of the Storage API (0: a free one)")
    parser.add_argument("--ready-file", type=Path, help="file that receives the addresses once the server answers")
    arguments = parser.parse_args()

    from pbm360.local.bigquery.server import serve

    serve(arguments.data_dir, arguments.rest_port, arguments.grpc_port, arguments.ready_file)


if __name__ == "__main__":
    main()
