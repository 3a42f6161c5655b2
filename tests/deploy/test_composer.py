"""What Composer installs beside Airflow is what the DAGs import, and resolves beside Airflow 3.3.1."""

import json
import re
import tomllib

import pytest
from packaging.specifiers import SpecifierSet

from tests.deploy.tools import ROOT

PACKAGES = json.loads((ROOT / "deploy" / "terraform" / "composer_packages.json").read_text())
LOCK = {item["name"]: item for item in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
WITH_AIRFLOW = "standard"  # comes with Airflow itself
IN_A_WORKER = "papermill"  # imported where tasks run in the worker, which is not so on Google Cloud
ASKED_FOR = {"google": {"apache-airflow-providers-apache-beam"}}  # by the operators of Dataflow


def refusals(packages: dict[str, str]) -> list[str]:
    """Return each package that the resolution of Airflow 3.3.1 with the DAGs' providers (uv.lock) does not take."""
    return [
        f"{name}{wanted}"
        for name, wanted in packages.items()
        if name not in LOCK or LOCK[name]["version"] not in SpecifierSet(wanted)
    ]


def test_the_lock_is_a_resolution_of_composers_airflow():
    image = (ROOT / "deploy" / "terraform" / "examples" / "prod.tfvars").read_text()
    (version,) = re.findall(r"composer-3-airflow-([\d.]+)", image)
    assert LOCK["apache-airflow"]["version"] == version
    group = [item["name"] for item in LOCK["pbm360"]["dev-dependencies"]["airflow"]]
    assert set(PACKAGES) <= set(group)  # resolved together, not one by one


def test_the_packages_resolve_beside_airflow():
    assert refusals(PACKAGES) == []


@pytest.mark.parametrize("wrong", [{"apache-airflow-providers-google": ">=999"}, {"no-such-package": ""}])
def test_a_package_that_does_not_resolve_is_found(wrong):
    assert len(refusals(wrong)) == 1


def test_the_dags_import_providers_that_are_installed_and_no_other_is():
    text = "\n".join(path.read_text() for path in (ROOT / "dags").rglob("*.py"))
    imported = {found.replace(".", "-") for found in re.findall(r"airflow\.providers\.(cncf\.\w+|\w+)", text)}
    assert imported >= {"google", "cncf-kubernetes", WITH_AIRFLOW, IN_A_WORKER}
    wanted = {f"apache-airflow-providers-{name}" for name in imported - {WITH_AIRFLOW, IN_A_WORKER}}
    assert wanted | set().union(*(ASKED_FOR.get(name, set()) for name in imported)) == set(PACKAGES)
