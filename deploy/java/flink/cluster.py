"""Start and stop a Flink cluster on this machine: a job manager, two task managers, Beam's job server.

`python deploy/java/flink/cluster.py start|stop|status`, with Java 17; `make flink-jars` fetches what it runs. It lives
under `.pbm360/flink`, binds 127.0.0.1 alone, and needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[3]
JARS = ROOT / ".pbm360" / "java" / "flink"
HOME = ROOT / ".pbm360" / "flink"
STATE = HOME / "cluster.json"
START_SECONDS = 300
TASK_MANAGERS, SLOTS = 2, 2  # so that one task manager alone has the slots of a job of two
OPENED = ("lang", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent",
          "util.concurrent.atomic", "util.concurrent.locks")  # fmt: skip
JVM = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in OPENED]
JVM += ["--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--add-exports=java.base/sun.net.util=ALL-UNNAMED"]
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
JOB_SERVER = "org.apache.beam.runners.flink.FlinkJobServerDriver"
MEMORY = {  # of a task manager; without Flink's own start script every part has to be said
    "task.heap.size": "512mb",
    "task.off-heap.size": "64mb",
    "framework.heap.size": "128mb",
    "framework.off-heap.size": "128mb",
    "managed.size": "256mb",
    "network.min": "64mb",
    "network.max": "64mb",
    "jvm-metaspace.size": "256mb",
    "jvm-overhead.min": "192mb",
    "jvm-overhead.max": "192mb",
}


def start() -> dict:
    """Start the cluster and wait until its slots and the job server are there; returns addresses and process ids."""
    if not (JARS / ".fetched").exists():
        sys.exit(f"no Flink in {JARS.relative_to(ROOT)}; run `make flink-jars` first")
    (HOME / "conf").mkdir(parents=True, exist_ok=True)
    ports = {name: free_port() for name in ("rest", "rpc", "blob", "job", "artifact")}
    (HOME / "conf" / "flink-conf.yaml").write_text(configuration(ports))
    write_worker()
    state = {"rest": f"http://127.0.0.1:{ports['rest']}", "job_endpoint": f"localhost:{ports['job']}"}
    state |= {"artifact_endpoint": f"localhost:{ports['artifact']}", "worker": str(HOME / "worker")}
    processes = {
        "job_manager": run(JOB_MANAGER, "job_manager", 512, "--configDir", "conf", "--executionMode", "cluster")
    }
    for number in range(TASK_MANAGERS):
        name = f"task_manager_{number}"
        processes[name] = run(TASK_MANAGER, name, 640, "--configDir", "conf", "-D", f"taskmanager.resource-id={name}")
    server = (f"--flink-master=127.0.0.1:{ports['rest']}", "--job-host=127.0.0.1", f"--job-port={ports['job']}")
    server += (f"--artifact-port={ports['artifact']}", "--expansion-port=0", f"--artifacts-dir={HOME / 'artifacts'}")
    processes["job_server"] = run(JOB_SERVER, "job_server", 512, *server)
    state["processes"] = processes
    STATE.write_text(json.dumps(state, indent=1))
    wait_until_ready(state, ports["job"])
    return state


def configuration(ports: dict[str, int]) -> str:
    """Return Flink's configuration: everything on 127.0.0.1, a failed job tried again."""
    lines = {
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": ports["rpc"],
        "jobmanager.bind-host": "127.0.0.1",
        "jobmanager.memory.process.size": "1000m",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": ports["rest"],
        "blob.server.port": ports["blob"],
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.numberOfTaskSlots": SLOTS,
        "taskmanager.cpu.cores": 1.0,
        "cluster.evenly-spread-out-slots": "true",
        "heartbeat.interval": 2000,
        "heartbeat.timeout": 20000,
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": 20,
        "restart-strategy.fixed-delay.delay": "2 s",
        "io.tmp.dirs": HOME / "tmp",
    }
    lines |= {f"taskmanager.memory.{part}": size for part, size in MEMORY.items()}
    (HOME / "tmp").mkdir(exist_ok=True)
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def write_worker() -> None:
    """Write the program that a task manager starts a Python worker by."""
    worker = HOME / "worker"
    worker.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pbm360.stream.flink_worker "$@"\n')
    worker.chmod(0o755)


def run(main_class: str, name: str, heap_megabytes: int, *arguments: str) -> int:
    """Start a Java process in the background, its output in a log; returns its id."""
    command = ["java", f"-Xmx{heap_megabytes}m", *JVM, "-cp", f"{JARS}/*", main_class, *arguments]
    environment = os.environ | {"FLINK_CONF_DIR": str(HOME / "conf")}
    with (HOME / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=HOME, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    return process.pid


def wait_until_ready(state: dict, job_port: int) -> None:
    """Wait for the slots and the job server; stops everything and says where to look where they don't come."""
    deadline = time.monotonic() + START_SECONDS
    while slots(state) < TASK_MANAGERS * SLOTS or not answers(job_port):
        if time.monotonic() > deadline or not all(map(is_running, state["processes"].values())):
            stop()
            sys.exit(f"the cluster did not start within {START_SECONDS} s; see the logs in {HOME.relative_to(ROOT)}")
        time.sleep(0.5)


def slots(state: dict) -> int:
    """Return how many slots the job manager knows; none while it does not answer."""
    try:
        with urllib.request.urlopen(state["rest"] + "/overview", timeout=5) as answer:
            return json.load(answer)["slots-total"]
    except (OSError, ValueError):
        return 0


def stop() -> None:
    """Stop every process of the cluster that still runs."""
    if not STATE.exists():
        return
    processes = json.loads(STATE.read_text())["processes"].values()
    for pid in filter(is_running, processes):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.2)
    for pid in filter(is_running, processes):
        os.kill(pid, signal.SIGKILL)
    STATE.unlink()


def is_running(pid: int) -> bool:
    """Tell whether a process is there and one of this cluster: after a restart of the machine its id is another's."""
    try:
        return f"{JARS}/*".encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")  # a zombie's is empty
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def answers(port: int) -> bool:
    """Tell whether something takes connections on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    """Do what the command line says."""
    if sys.argv[1:] not in (["start"], ["stop"], ["status"]):
        sys.exit("usage: cluster.py start|stop|status")
    if sys.argv[1] == "start":
        print(json.dumps(start(), indent=1))
    elif sys.argv[1] == "stop":
        stop()
    else:
        print(STATE.read_text() if STATE.exists() else "the cluster does not run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
