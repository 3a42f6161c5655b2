"""What Beam's own sink needs, and what it would submit: `make test-java`, where Java and Maven are.

It is a program and not among the tests, since those need Python's packages alone: it fails where Java is missing, and
prints what it measures.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pbm360.settings import Settings
from pbm360.stream.job_request import JobRequest, capture_job
from pbm360.stream.launch import job_arguments

ROOT = Path(__file__).parents[2]
JARS = ROOT / ".pbm360" / "java" / "expansion"
START_SECONDS = 300
SUBMIT_SECONDS = 1200  # hundreds of jars are staged
WRITTEN = ("raw_orders", "order_events", "stage_minutes")
SETTINGS = Settings(target="gcp", project="pbm-demo")


def main() -> int:
    """Capture the request with either sink, compare them, and check Beam's."""
    arguments = job_arguments(SETTINGS, image_tag="7")
    ours, our_seconds = captured(arguments)
    with expansion_service() as address:
        exact = [given for given in arguments if "at_least_once" not in given]
        exact += ["--sink=storage_write_api_exactly_once", f"--expansion_service={address}"]
        theirs, their_seconds = captured(exact)
    check_exactly_once(theirs)
    tell("the house's sink", ours, our_seconds)
    tell("Beam's exactly-once sink", theirs, their_seconds)
    return 0


def captured(arguments: list[str]) -> tuple[JobRequest, float]:
    """Return the request and the seconds from the start of the process to its submission."""
    started = time.monotonic()
    return capture_job(arguments, seconds=SUBMIT_SECONDS), time.monotonic() - started


def check_exactly_once(request: JobRequest) -> None:
    """Assert that all three tables are written by Java's transform, and that its environment and jars travel along."""
    names = [name for name, _ in request.steps(depth=1)]
    assert {f"Write_{table}" for table in WRITTEN} <= set(names), names
    environments = request.graph.components.environments.values()
    java = [environment for environment in environments if len(environment.dependencies) > 100]
    assert len(java) == 1, [environment.urn for environment in environments]
    urns = {step.spec.urn for step in request.graph.components.transforms.values()}
    assert "beam:schematransform:org.apache.beam:bigquery_storage_write:v2" in str(request.graph), sorted(urns)
    images = {image["containerImage"] for image in request.worker_pool["sdkHarnessContainerImages"]}
    assert len(images) == 2, images  # ours, and Java's beside it on every worker


def tell(sink: str, request: JobRequest, seconds: float) -> None:
    """Print what a request holds."""
    images = [image["containerImage"] for image in request.worker_pool["sdkHarnessContainerImages"]]
    staged = sum(map(len, request.files.values()))
    steps = len(request.graph.components.transforms)
    print(f"{sink}: {seconds:.0f} s to submit, {steps} transforms, {len(request.files)} files of {staged / 1e6:.1f} MB")
    print(f"  containers on each worker: {', '.join(images)}")


@contextmanager
def expansion_service() -> Iterator[str]:
    """Start Beam's expansion service from the jars that `make` fetched; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    main_class = "org.apache.beam.sdk.expansion.service.ExpansionService"
    command = ["java", "-cp", f"{JARS}/*", main_class, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            assert process.poll() is None, f"the expansion service ended; {JARS} lacks its jars"
            assert time.monotonic() < deadline, f"the expansion service did not answer within {START_SECONDS} s"
            time.sleep(0.5)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    """Tell whether something takes connections on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main())
