"""The environments that we offer are one environment."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_environment_yml_names_what_pyproject_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["local"],
        *project["dependency-groups"]["test"],
        *project["dependency-groups"]["lint"],
        "-e .",
    ]
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert dependencies[:2] == ["python=3.11", "pip"]
    assert dependencies[2]["pip"] == wanted


def test_git_keeps_lib_and_forgets_local_state():
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "/.pbm360/" in ignored and "/.venv/" in ignored
    assert not any(line.strip("/") == "lib" for line in ignored)
