"""What a real Airflow makes of the DAGs: nothing fails to import, each has what a schedule must have."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import fields

import papermill
import pytest

from pbm360.settings import Settings
from tests.dags.conftest import ROOT

DAGS = ROOT / "dags"
WORKER = {"PBM360_TARGET": "local"}
POD = {
    "PBM360_TARGET": "gcp",
    "PBM360_PROJECT": "my-project",
    "PBM360_IMAGE": "docker.example/pbm360:1",
    "PBM360_RUNS": "gs://my-runs",
    "PBM360_FLEX_TEMPLATE": "gs://my-templates/stream.json",
    "PBM360_PSEUDONYM_KEY": "a-secret-that-must-not-stand-in-a-pod",
}


def describe(home, **variables) -> dict:
    """Let Airflow read the DAGs in a process of its own."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PBM360_")}
    environment |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS)} | variables
    environment |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.dags.describe"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    return describe(tmp_path_factory.mktemp("worker"), **WORKER)


@pytest.fixture(scope="module")
def pod(tmp_path_factory):
    return describe(tmp_path_factory.mktemp("pod"), **POD)


@pytest.fixture(params=["worker", "pod"])
def described(request):
    return request.getfixturevalue(request.param)


def test_no_dag_fails_to_import(described):
    assert described["errors"] == {}
    assert sorted(described["dags"]) == [
        "backfill",
        "daily_medallion",
        "nightly_order_management_snapshot",
        "order_risk",
        "speed_layer",
    ]


def test_every_dag_runs_alone_in_utc_by_an_explicit_timetable(described):
    timetables = {name: (dag["timetable"], dag["expression"]) for name, dag in described["dags"].items()}
    assert timetables == {
        "backfill": ("NullTimetable", ""),
        "daily_medallion": ("CronDataIntervalTimetable", "0 6 * * *"),
        "nightly_order_management_snapshot": ("CronDataIntervalTimetable", "5 0 * * *"),
        "order_risk": ("CronTriggerTimetable", "30 7 * * *"),
        "speed_layer": ("CronTriggerTimetable", "0 0 * * *"),
    }
    for name, dag in described["dags"].items():
        assert (dag["zone"], dag["max_active_runs"], dag["catchup"]) == ("UTC", 1, False), name
        assert dag["dagrun_timeout_hours"] <= 48, name


def test_every_task_is_tried_again_ends_in_time_and_tells_of_its_failure(described):
    for name, dag in described["dags"].items():
        for task_id, task in dag["tasks"].items():
            assert task["retries"] == 2, (name, task_id)
            assert 0 < task["timeout_hours"] <= 24, (name, task_id)
            assert task["has_failure_callback"], (name, task_id)


def test_the_daily_build_has_gates_between_layers_then_publishes_and_tells_the_asset(described):
    tasks = described["dags"]["daily_medallion"]["tasks"]
    order = ["bronze", "silver", "silver_gate", "gold", "gold_gate", "publish"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        name: order[number + 1 : number + 2] for number, name in enumerate(order)
    }
    project = "my-project" if tasks["gold"]["image"] else "pbm-local"
    assert tasks["publish"]["outlets"] == [f"bigquery://{project}/pbm_gold/fact_order_lifecycle"]
    assert described["dags"]["daily_medallion"]["deadline_hours"] == [4.0]


def test_in_a_worker_chapters_run_by_a_named_kernel_and_outputs_are_kept_by_run(worker):
    gold = worker["dags"]["daily_medallion"]["tasks"]["gold"]
    assert (gold["operator"], gold["kernel"]) == ("ChapterOperator", "python3")
    assert gold["output"].endswith(
        ".pbm360/runs/{{ dag.dag_id }}/{{ params.run_date or ds }}/{{ run_id }}/06_gold.ipynb"
    )


def test_in_a_pod_chapters_and_commands_run_in_the_projects_image_without_a_secret(pod):
    for dag in ("daily_medallion", "nightly_order_management_snapshot", "order_risk"):
        for task in pod["dags"][dag]["tasks"].values():
            assert (task["operator"], task["image"]) == ("KubernetesPodOperator", "docker.example/pbm360:1")
            assert "PBM360_TARGET" in task["variables"] and "PBM360_PSEUDONYM_KEY" not in task["variables"]
    output = "gs://my-runs/{{ dag.dag_id }}/{{ params.run_date or ds }}/{{ run_id }}/06_gold.ipynb"
    run_date = ["-r", "run_date", "{{ params.run_date or ds }}"]
    assert pod["dags"]["daily_medallion"]["tasks"]["gold"]["arguments"] == [
        *("./notebooks/06_gold.ipynb", output, "--kernel", "python3", "--no-progress-bar"),
        *run_date,
        *("-p", "publishes", "False"),
    ]


def test_the_speed_layer_starts_watches_and_drains_and_never_cancels(worker, pod):
    for described, operators in (
        (worker, ["CommandOperator", "CommandOperator", "CommandOperator"]),
        (pod, ["DataflowStartFlexTemplateOperator", "KubernetesPodOperator", "DataflowStopJobOperator"]),
    ):
        tasks = described["dags"]["speed_layer"]["tasks"]
        assert list(tasks) == ["watch_freshness", "start_stream", "drain_stream"]
        assert [tasks[name]["operator"] for name in ("start_stream", "watch_freshness", "drain_stream")] == operators
        assert tasks["start_stream"]["downstream"] == ["watch_freshness"]
        assert tasks["watch_freshness"]["downstream"] == ["drain_stream"]
    assert pod["dags"]["speed_layer"]["tasks"]["drain_stream"]["drains"] is True


def test_a_forecast_that_fails_stops_nobody_from_being_told(described):
    tasks = described["dags"]["order_risk"]["tasks"]
    order = ["train", "calibrate", "watch_alerts"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        name: order[number + 1 : number + 2] for number, name in enumerate(order)
    }
    assert [tasks[name]["trigger_rule"] for name in order] == ["all_success", "all_done", "all_done"]


def test_every_name_that_a_dag_passes_is_a_parameter_of_the_chapter(worker):
    passed = 0
    for dag in worker["dags"].values():
        for task_id, task in dag["tasks"].items():
            if task["notebook"]:
                known = papermill.inspect_notebook(task["notebook"])
                assert set(task["parameters"]) <= set(known), task_id
                passed += len(task["parameters"])
                assert known["run_date"]["inferred_type_name"] == "str"
    assert passed == 4


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PBM360_EXECUTOR": "cloud"}, "PBM360_EXECUTOR must be one of worker, pod; got 'cloud'"),
        ({"PBM360_EXECUTOR": "pod"}, "PBM360_IMAGE must name the project's image"),
        ({"PBM360_EXECUTOR": "pod", "PBM360_IMAGE": "x"}, "PBM360_RUNS must be gs://"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_was_expected(variables, expected, monkeypatch):
    monkeypatch.syspath_prepend(str(DAGS))
    from pbm360_schedule.environment import read_schedule

    with pytest.raises(ValueError, match=expected.replace("(", r"\(")):
        read_schedule(variables)


def test_what_the_schedule_reads_is_a_setting_with_the_same_default(monkeypatch):
    monkeypatch.syspath_prepend(str(DAGS))
    from pbm360_schedule.environment import Schedule, read_schedule

    defaults = {item.name: item.default for item in fields(Settings)}
    found = read_schedule({})
    same = {item.name for item in fields(Schedule)} - {"executor", "home", "runs"}  # these are filled in where empty
    assert {name: getattr(found, name) for name in same} == {name: defaults[name] for name in same}
    assert {"executor", "home", "runs"} <= set(defaults)


def test_a_dag_is_wiring_of_eighty_lines_that_knows_nothing_of_the_library():
    for path in sorted(DAGS.rglob("*.py")):
        source = path.read_text()
        assert source.count("\n") <= (80 if path.parent == DAGS else 130), path.name
        top_level = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = [alias.name for node in top_level for alias in node.names]
        modules = [getattr(node, "module", "") or "" for node in top_level] + names
        assert not any(name == "pbm360" or name.startswith("pbm360.") for name in modules), path.name
