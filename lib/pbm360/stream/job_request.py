"""Catch the request that would start the job on Dataflow, without Google Cloud: what Beam sends to a server of ours.

One small server on this machine answers as Cloud Storage and as Dataflow. It proves that the pipeline translates and
what would be submitted; that Google runs it, only Google can prove.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import google_crc32c
from apache_beam.portability.api import beam_runner_api_pb2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SUBMIT_SECONDS = 300
GRAPH_FILE = "pipeline.pb"
JOB_ID = "2026-01-01_00_00_00-1"


class SubmissionFailed(RuntimeError):
    """The pipeline could not be submitted; the text is what it said."""


@dataclass(frozen=True)
class JobRequest:
    """What was submitted: the job's description, and every file that was staged for it, by name."""

    job: Mapping
    files: Mapping[str, bytes]

    @cached_property
    def graph(self) -> beam_runner_api_pb2.Pipeline:
        """The pipeline's steps, as the workers get them."""
        found = next(content for name, content in self.files.items() if name.endswith(GRAPH_FILE))
        return beam_runner_api_pb2.Pipeline.FromString(found)

    @property
    def worker_pool(self) -> Mapping:
        """The pool of workers, of which a streaming job has one."""
        return self.job["environment"]["workerPools"][0]

    def steps(self, *, depth: int) -> list[tuple[str, str]]:
        """Return (name, name of the step it feeds on) of each step so many levels deep, in the pipeline's order."""
        named = [step for step in self._in_order() if step.unique_name.count("/") == depth - 1]
        made_by = {}
        for step in named:
            made_by |= dict.fromkeys(step.outputs.values(), step.unique_name)
        return [
            (step.unique_name, made_by.get(source, ""))
            for step in named
            for _, source in sorted(step.inputs.items()) or [("", "")]  # a map of protobuf has no order
        ]

    def _in_order(self) -> Iterator[beam_runner_api_pb2.PTransform]:
        components = self.graph.components
        waiting = list(reversed(self.graph.root_transform_ids))
        while waiting:
            step = components.transforms[waiting.pop()]
            waiting += reversed(step.subtransforms)
            if step.unique_name.split("/")[0] not in self.graph.root_transform_ids:  # the root is no step of ours
                yield step


def capture_job(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, *, seconds: float = SUBMIT_SECONDS
) -> JobRequest:
    """Run the pipeline's main as the Flex Template does, in a process of its own, and return what it submits.

    Raises `SubmissionFailed` where it ends without submitting, `subprocess.TimeoutExpired` where it takes too long.
    """
    with tempfile.TemporaryDirectory() as folder, _stub() as (server, address):
        key_file = Path(folder) / "account.json"
        key_file.write_text(json.dumps(_throwaway_account(address)))
        told = {
            "STORAGE_EMULATOR_HOST": address,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
            "NO_GCE_CHECK": "true",
        }
        command = [sys.executable, "-m", "pbm360.stream.dataflow", *arguments]
        command += ["--runner=DataflowRunner", f"--dataflow_endpoint={address}"]
        done = subprocess.run(
            command,
            env={**(os.environ if environment is None else environment), **told},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if server.job is None:
            raise SubmissionFailed(f"the pipeline ended with {done.returncode} and submitted no job: {done.stderr}")
        return JobRequest(server.job, server.files)


class _Stub(ThreadingHTTPServer):
    """Keep what is submitted and staged."""

    job: Mapping | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files: dict[str, bytes] = {}


class _Answers(BaseHTTPRequestHandler):
    """Answer as Cloud Storage's, Dataflow's and the token service's REST interfaces, as far as a submission asks."""

    protocol_version = "HTTP/1.1"
    server: _Stub

    def log_message(self, *_):
        """Stay silent."""

    def do_GET(self) -> None:
        """Find buckets and jobs; no file is there before."""
        address = urllib.parse.urlparse(self.path)
        if "/o/" in address.path:
            self._answer({"error": {"code": 404, "message": "not found"}}, 404)
        elif "/jobs/" in address.path:
            self._answer({"id": JOB_ID, "currentState": "JOB_STATE_RUNNING"})
        else:
            name = address.path.rsplit("/", 1)[-1]
            self._answer({"name": name, "id": name, "softDeletePolicy": {"retentionDurationSeconds": "0"}})

    def do_POST(self) -> None:
        """Take a token request, a job, or the first half of an upload."""
        address = urllib.parse.urlparse(self.path)
        body = self._body()
        if address.path == "/token":
            self._answer({"access_token": "none", "expires_in": 3600, "token_type": "Bearer"})
        elif address.path.endswith("/jobs"):
            self.server.job = json.loads(body)
            self._answer(self.server.job | {"id": JOB_ID, "currentState": "JOB_STATE_PENDING"})
        elif "uploadType=resumable" in address.query:
            name = urllib.parse.quote(json.loads(body)["name"], safe="")
            self._answer({}, location=f"http://{self.headers['Host']}{address.path}?upload_id=1&name={name}")
        else:
            self._keep(_multipart_name(body), _multipart_content(body))

    def do_PUT(self) -> None:
        """Take the second half of an upload."""
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        self._keep(query["name"][0], self._body())

    def _keep(self, name: str, content: bytes) -> None:
        self.server.files[name] = content
        checks = {
            "md5Hash": base64.b64encode(hashlib.md5(content).digest()).decode(),
            "crc32c": base64.b64encode(google_crc32c.Checksum(content).digest()).decode(),
        }
        self._answer({"name": name, "bucket": "bucket", "size": str(len(content)), "generation": "1"} | checks)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, answer: Mapping, code: int = 200, location: str = "") -> None:
        text = json.dumps(answer).encode()
        self.send_response(code)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _multipart_name(body: bytes) -> str:
    return json.loads(body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--", 1)[0])["name"]


def _multipart_content(body: bytes) -> bytes:
    return body.split(b"\r\n\r\n", 2)[2].rsplit(b"\r\n--", 1)[0]


@contextmanager
def _stub() -> Iterator[tuple[_Stub, str]]:
    server = _Stub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://localhost:{server.server_port}"  # Beam takes an endpoint of that name alone without TLS
    finally:
        server.shutdown()
        server.server_close()


def _throwaway_account(address: str) -> dict[str, str]:
    """Return a service account that exists nowhere, whose tokens our own server gives out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return {
        "type": "service_account",
        "client_email": "nobody@nowhere.invalid",
        "token_uri": f"{address}/token",
        "private_key": text,
    }
