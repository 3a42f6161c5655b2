"""The images without Docker: what each installs from uv.lock runs what the image runs; what is copied is there."""

import os
import pwd
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from pbm360.cloud import resources
from pbm360.stream.options import STREAM_OPTIONS
from tests.dashboards.browser import SCREENSHOTS
from tests.deploy.tools import ROOT, run_uv

IMAGES = ROOT / "deploy" / "images"
IMPORTS = {  # what each image runs, beside the command line
    "notebooks": ["papermill", "gcsfs", "pbm360.medallion", "pbm360.checks", "pbm360.oms.relay", "pbm360.run_page",
                  "pbm360.erasure", "pbm360.rotation", "pbm360.gates", "pbm360.figures.tutorial", "pbm360.demo",
                  "pbm360.simulate.publish"],
    "dataflow": ["pip", "pbm360.stream.dataflow", "google.cloud.secretmanager"],
    "dashboards": ["pbm360.dashboard_server", "pbm360.operations.service", "pbm360.command_center",
                   "streamlit.web.cli", "pbm360.streamlit_server", "pbm360.streamlit_pages"],
}  # fmt: skip
COMMANDS = {
    "notebooks": [
        "prepare",
        "relay",
        "build",
        "gate",
        "publish",
        "snapshot",
        "catch-up",
        "erase-patient",
        "rotate-key",
        "simulate",
    ],
    "dashboards": ["dashboards", "streamlit"],
}


@pytest.fixture(scope="module")
def pythons(tmp_path_factory) -> dict[str, Path]:
    """Install each image's packages from the lock, as its Dockerfile does."""
    found = {}
    for image in resources.IMAGES:
        folder = tmp_path_factory.mktemp("images") / image
        group = ("--only-group", f"image-{image}")
        run_uv("sync", "--frozen", "--quiet", "--python", "3.11", *group, UV_PROJECT_ENVIRONMENT=str(folder))
        found[image] = folder / "bin" / "python"
    return found


RUNS = """
import runpy, sys
from importlib import import_module
for name in {imports}: import_module(name)
exec({chapters!r})
if {commands}:
    from typer.testing import CliRunner
    from pbm360.cli import app
for command in {commands}:
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0, answer.output
"""


def chapters_imports() -> str:
    """Return the lines of import of the chapters that the schedule runs."""
    texts = [(ROOT / "notebooks" / f"{name}.ipynb").read_text() for name in ("04_bronze", "05_silver", "06_gold")]
    return "\n".join(re.findall(r'"((?:from [\w.]+ )?import [\w., ()]+)\\n', "\n".join(texts)))


@pytest.mark.parametrize("image", resources.IMAGES)
def test_an_images_packages_run_what_it_runs(pythons, image):
    chapters = chapters_imports() if image == "notebooks" else ""
    assert image != "notebooks" or chapters.count("import ") > 5
    script = RUNS.format(imports=IMPORTS[image], chapters=chapters, commands=COMMANDS.get(image, []))
    environment = {"PYTHONPATH": str(ROOT / "lib"), "PATH": str(pythons[image].parent)}
    command = [str(pythons[image]), "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("image", resources.IMAGES)
def test_an_image_holds_no_laptop_and_no_test(pythons, image):
    names = {
        path.name.split("-")[0] for path in pythons[image].parents[1].glob("lib/python*/site-packages/*.dist-info")
    }
    assert not names & {"bqemulator", "duckdb", "pytest", "playwright", "apache_airflow", "jupyterlab", "zetasql"}


@pytest.mark.parametrize("image", resources.IMAGES)
def test_a_dockerfile_copies_what_there_is_and_the_builder_is_sent_it(image):
    text = (IMAGES / image / "Dockerfile").read_text()
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        source for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for source in line.split()[:-1]
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists() and source in sent, source


@pytest.mark.parametrize("image", resources.IMAGES)
def test_a_dockerfile_pins_what_it_is_built_from(image):
    text = (IMAGES / image / "Dockerfile").read_text()
    assert all(
        re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", base) for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    )
    assert "HEALTHCHECK" in text and f"--only-group image-{image}" in text
    assert ("\nUSER 10001\n" in text) != ("checkov:skip=CKV_DOCKER_3" in text)


def test_the_dashboards_are_healthy_where_either_front_answers():
    check = [sys.executable, IMAGES / "dashboards" / "healthy.py"]
    assert subprocess.run([*check, "1"], check=False).returncode == 1  # nobody listens there
    for front in ("/voila/static/favicon.svg", "/_stcore/health"):

        class Front(BaseHTTPRequestHandler):
            def do_GET(self, path=front):
                self.send_response(200 if self.path == path else 404)
                self.end_headers()

            def log_message(self, *parts):
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            assert subprocess.run([*check, str(server.server_port)], check=False).returncode == 0, front
            server.shutdown()


def test_the_streams_image_runs_its_entry_as_a_file_and_explains_every_option(pythons):
    (entry,) = re.findall(r"FLEX_TEMPLATE_PYTHON_PY_FILE=/app/(\S+)", (IMAGES / "dataflow" / "Dockerfile").read_text())
    environment = {"PYTHONPATH": str(ROOT / "lib"), "PATH": str(pythons["dataflow"].parent), "COLUMNS": "300"}
    command = [str(pythons["dataflow"]), str(ROOT / entry), "--help"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    for option in STREAM_OPTIONS:
        assert f"--{option.name} " in done.stdout and option.help[:60] in " ".join(done.stdout.split()), option.name


def test_the_streams_image_hands_over_dataflows_folders_and_gives_root_up():
    image = IMAGES / "dataflow"
    text, launcher = (image / "Dockerfile").read_text(), (image / "launcher").read_text()
    assert 'ENTRYPOINT ["/usr/local/bin/without_root", "/opt/apache/beam/boot"]' in text
    assert "COPY deploy/images/dataflow/launcher /opt/google/dataflow/python_template_launcher" in text
    assert 'exec /usr/local/bin/without_root /opt/google/dataflow/launcher "$@"' in launcher
    handed_over = re.search(r'HANDED_OVER="([^"]+)"', text)[1].split()
    assert {"/var/opt/google/staged", "/var/log/dataflow/template_launcher"} <= set(handed_over)
    # not below pytest's folder, which is closed to other users
    with tempfile.TemporaryDirectory() as name:
        mounted = Path(name)
        mounted.chmod(0o755)
        environment = {"PATH": os.environ["PATH"], "HOME": name, "RUN_AS": "nobody"}
        environment["HANDED_OVER"] = f"{mounted} {mounted}/staged"
        told = (
            f'id -u; id -G; echo "$HOME"; echo "$1"; mkdir -p "{mounted}/staged"; cd "{mounted}/staged"; : > here; ls'
        )
        command = [image / "without_root", "sh", "-c", told, "sh", "--id=sdk-0-0"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        user, groups, home, argument, files = done.stdout.splitlines()
        assert (argument, files, done.stderr) == ("--id=sdk-0-0", "here", "")
        assert user != "0" and "0" not in groups.split()
        assert (mounted / "staged" / "here").stat().st_uid == int(user)
        assert home == (pwd.getpwnam("nobody").pw_dir if os.getuid() == 0 else name)
        failed = subprocess.run([image / "without_root", "sh", "-c", "exit 7"], env=environment, check=False)
        assert failed.returncode == 7


def test_the_streams_image_has_the_beam_of_the_lock():
    packages = {item["name"]: item for item in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    text = (IMAGES / "dataflow" / "Dockerfile").read_text()
    assert re.findall(r"beam_python3\.11_sdk:(\S+)", text) == [packages["apache-beam"]["version"]]


def test_each_image_has_an_sbom_from_the_lock():
    for image in resources.IMAGES:
        out = run_uv("export", "--frozen", "--only-group", f"image-{image}", "--format", "cyclonedx1.5")
        assert '"bomFormat": "CycloneDX"' in out and '"name": "pyarrow"' in out


def test_the_delivery_builds_scans_and_pushes_every_image():
    delivery = yaml.safe_load((ROOT / "deploy" / "cloudbuild.yaml").read_text())
    steps = {step["id"]: step for step in delivery["steps"]}
    assert {f"build-{image}" for image in resources.IMAGES} == {name for name in steps if name.startswith("build-")}
    for name in ("scan", "push", "sbom"):
        assert f"for image in {' '.join(resources.IMAGES)}" in steps[name]["script"], name
    for step in delivery["steps"]:
        assert set(step["waitFor"]) <= {"-", *steps}, step["id"]
        assert ":" in step["name"] or step["name"].startswith("gcr.io/cloud-builders/"), step["id"]
    assert {"test", "scan"} <= set(steps["push"]["waitFor"])
    for name in ("apply", "roll-out"):
        assert '[ "$_APPLIES" = true ] || exit 0' in steps[name]["script"]


def test_the_workflow_keeps_the_pictures_whatever_the_tests_say():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pull_request.yaml").read_text())
    *_, tests, pictures = workflow["jobs"]["tests"]["steps"]
    assert (tests["run"], pictures["if"]) == ("make test", "always()")
    assert (ROOT / pictures["with"]["path"]) == SCREENSHOTS and pictures["with"]["include-hidden-files"]


def test_the_workflow_builds_every_image():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pull_request.yaml").read_text())
    assert workflow["jobs"]["images"]["strategy"]["matrix"]["image"] == list(resources.IMAGES)
