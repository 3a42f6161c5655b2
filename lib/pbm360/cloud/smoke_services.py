"""Smoke tests of what runs around the data: Terraform, database, proxy, Composer, alerts, delivery, images."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import requests

from pbm360.cloud import resources
from pbm360.cloud.api import TIMEOUT_SECONDS, Answer, Api
from pbm360.cloud.findings import Finding, fine, missing, unknown
from pbm360.settings import Settings

TERRAFORM = Path(__file__).parents[3] / "deploy" / "terraform"
PLAN = ["terraform", "plan", "-detailed-exitcode", "-input=false", "-lock=false", "-no-color"]
PLAN_SECONDS = 600
AIRFLOW = "airflow-3.3"
ALERTS = ("Events wait", "Live is not fresh", "Many messages are refused", "A gate is shut", "No events come")
REFUSALS = (301, 302, 303, 307, 401, 403)


def plan_is_empty(api: Api, settings: Settings) -> Finding:
    """Let Terraform compare what stands with what is written, by the real provider."""
    files = sorted(path.name for path in TERRAFORM.glob("*.tfvars"))
    if not shutil.which("terraform") or len(files) != 1:
        return unknown(
            "smoke", "plan is empty", f"needs terraform and one *.tfvars in {TERRAFORM.name}/; found {files}"
        )
    command = [*PLAN, f"-var-file={files[0]}"]
    done = subprocess.run(command, cwd=TERRAFORM, capture_output=True, text=True, timeout=PLAN_SECONDS, check=False)
    if done.returncode == 0:
        return fine("smoke", "plan is empty", "what stands is what is written")
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Plan:", "Error"))]
    again = f"terraform -chdir=deploy/terraform plan -var-file={files[0]}"
    return missing("smoke", "plan is empty", "; ".join(lines) or f"exit code {done.returncode}", again)


def database_takes_iam(api: Api, settings: Settings) -> Finding:
    """Look how the job that logs in to Cloud SQL from inside the network last ended."""
    answer = api.get("run", f"v2/{_place(api, settings)}/jobs/pbm360-prepare")
    status = answer.body.get("latestCreatedExecution", {}).get("completionStatus", "never ran")
    execute = f"gcloud run jobs execute pbm360-prepare --project={api.project} --region={settings.dataflow_region}"
    return _judge("database takes IAM", answer, status == "EXECUTION_SUCCEEDED", status, f"{execute} --wait")


def proxy_asks(api: Api, settings: Settings) -> Finding:
    """Open each dashboard without credentials: it must not be shown."""
    for name in resources.DASHBOARDS:
        answer = api.get("run", f"v2/{_place(api, settings)}/services/{name}")
        if not answer.is_ok:
            return _judge("proxy asks", answer, False, "", "pbm360 doctor --target gcp")
        opened = requests.get(answer.body["uri"], allow_redirects=False, timeout=TIMEOUT_SECONDS)
        if opened.status_code not in REFUSALS:
            close = f"gcloud beta run services update {name} --iap --project={api.project}"
            detail = f"{name} answers HTTP {opened.status_code} to a stranger"
            return missing("smoke", "proxy asks", detail, f"{close} --region={settings.dataflow_region}")
    return fine("smoke", "proxy asks", f"{len(resources.DASHBOARDS)} dashboards, none shown to a stranger")


def composer_took_packages(api: Api, settings: Settings) -> Finding:
    """Look whether Composer runs Airflow 3.3 with the packages beside its own."""
    answer = api.get("composer", f"v1/{_place(api, settings)}/environments/{resources.ENVIRONMENT}")
    software = answer.body.get("config", {}).get("softwareConfig", {})
    version, packages = software.get("imageVersion", "no image"), set(software.get("pypiPackages", {}))
    is_right = answer.body.get("state") == "RUNNING" and AIRFLOW in version and bool(packages)
    describe = f"gcloud composer environments describe pbm360 --location={settings.dataflow_region}"
    detail = f"{answer.body.get('state')}, {version}, {len(packages)} packages"
    return _judge("composer took packages", answer, is_right, detail, f"{describe} --project={api.project}")


def alerts_are_on(api: Api, settings: Settings) -> Finding:
    """Look whether every alert is on and tells somebody."""
    answer = api.get("monitoring", f"v3/projects/{api.project}/alertPolicies", pageSize=100)
    policies = answer.body.get("alertPolicies", [])
    told = [item["displayName"] for item in policies if item.get("enabled", True) and item.get("notificationChannels")]
    lacking = [title for title in ALERTS if not any(name.startswith(title) for name in told)]
    apply = "terraform -chdir=deploy/terraform apply -var-file=$ENVIRONMENT.tfvars"
    target = "-target=google_monitoring_alert_policy.alert"
    detail = f"lack or tell nobody: {', '.join(lacking)}" if lacking else f"{len(told)} alerts"
    return _judge("alerts are on", answer, not lacking, detail, f"{apply} {target}")


def delivery_succeeded(api: Api, settings: Settings) -> Finding:
    """Look how the newest delivery ended."""
    answer = api.get("cloudbuild", f"v1/{_place(api, settings)}/builds", pageSize=1)
    build = next(iter(answer.body.get("builds", [])), {})
    log = f"gcloud builds log {build.get('id', '$BUILD')} --region={settings.dataflow_region} --project={api.project}"
    status = build.get("status", "nothing was delivered")
    return _judge("delivery succeeded", answer, status == "SUCCESS", status, log)


def images_are_there(api: Api, settings: Settings) -> Finding:
    """Look whether the repository holds each image."""
    path = f"v1/{_place(api, settings)}/repositories/{resources.REPOSITORY}/dockerImages"
    answer = api.get("artifactregistry", path, pageSize=500)
    names = {item["name"].rpartition("/")[2].partition("@")[0] for item in answer.body.get("dockerImages", [])}
    lacking = sorted(set(resources.IMAGES) - names)
    submit = f"gcloud builds submit --config=deploy/cloudbuild.yaml --project={api.project}"
    return _judge("images are there", answer, not lacking, f"lacks {lacking}" if lacking else "3 images", submit)


def stream_job_runs(api: Api, settings: Settings) -> Finding:
    """Look whether Dataflow runs the job that the Flex Template starts."""
    answer = api.get("dataflow", f"v1b3/{_place(api, settings)}/jobs", filter="ACTIVE", name=resources.STREAM_JOB)
    states = [job.get("currentState", "") for job in answer.body.get("jobs", [])]
    start = f"gcloud composer environments run pbm360 --location={settings.dataflow_region} dags trigger -- speed_layer"
    is_right = states == ["JOB_STATE_RUNNING"]
    return _judge("stream job runs", answer, is_right, ", ".join(states) or "no active job", start)


def _judge(name: str, answer: Answer, is_right: bool, detail: str, mend: str) -> Finding:
    if answer.is_missing:
        return missing("smoke", name, "does not exist", "pbm360 doctor --target gcp")
    if not answer.is_ok:
        return unknown("smoke", name, answer.message)
    return fine("smoke", name, detail) if is_right else missing("smoke", name, detail, mend)


def _place(api: Api, settings: Settings) -> str:
    return f"projects/{api.project}/locations/{settings.dataflow_region}"
