"""Make the schedule's tasks: a chapter run by papermill, or a `pbm360` command, in the worker or in a pod.

In the worker, the worker's own environment holds the library and the named kernel. In a pod, the project's image
holds `lib/`, `sql/` and `notebooks/`, and the worker needs nothing but Airflow. So nothing here imports `pbm360`.
"""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import BaseOperator, DeadlineAlert, DeadlineReference, SyncCallback

from pbm360_schedule.alerts import tell_failure
from pbm360_schedule.environment import SCHEDULE

RUN_DATE = "{{ params.run_date or ds }}"  # the day that a run builds: the one asked for, else its interval's
RUN_FOLDER = f"{SCHEDULE.runs}/{{{{ dag.dag_id }}}}/{RUN_DATE}/{{{{ run_id }}}}"
POD_NAMESPACE = "composer-user-workloads"  # the one namespace that Composer 3 lets pods run in
POD_CLUSTER = "/home/airflow/composer_kube_config"
POD_SECRET = "pbm360"  # made with `gcloud composer environments user-workloads-secrets create`
SECRET_VARIABLES = ("PBM360_PSEUDONYM_KEY", "PBM360_OMS_DSN")
DEFAULTS = {
    "retries": SCHEDULE.task_retries,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=20),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": tell_failure,
}


def deadline() -> DeadlineAlert | None:
    """Return the alert for a run that is not done `PBM360_DEADLINE_HOURS` after it was queued; none where that is 0."""
    if not SCHEDULE.deadline_hours:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=SCHEDULE.deadline_hours),
        callback=SyncCallback("pbm360_schedule.alerts.tell_missed_deadline"),
    )


def run_chapter(task_id: str, chapter: str, parameters: dict, **options) -> BaseOperator:
    """Make the task that executes `notebooks/<chapter>.ipynb`; the executed notebook stays in the run's folder."""
    notebook, output = f"{SCHEDULE.home}/notebooks/{chapter}.ipynb", f"{RUN_FOLDER}/{chapter}.ipynb"
    if SCHEDULE.executor == "pod":
        values = [part for name, value in parameters.items() for part in _papermill_parameter(name, value)]
        arguments = [notebook, output, "--kernel", SCHEDULE.kernel, "--no-progress-bar", *values]
        return _pod(task_id, "papermill", arguments, params={"output_notebook": output}, **options)
    from pbm360_schedule.in_worker import ChapterOperator  # a worker of pods has no papermill

    return ChapterOperator(
        task_id=task_id,
        input_nb=notebook,
        output_nb=output,
        parameters=parameters,
        kernel_name=SCHEDULE.kernel,
        **options,
    )


def run_command(task_id: str, *arguments: str, **options) -> BaseOperator:
    """Make the task that runs `pbm360 <arguments>`."""
    if SCHEDULE.executor == "pod":
        return _pod(task_id, "pbm360", list(arguments), **options)
    from pbm360_schedule.in_worker import CommandOperator

    return CommandOperator(task_id=task_id, arguments=arguments, **options)


def _papermill_parameter(name: str, value) -> list[str]:
    return ["-r" if isinstance(value, str) else "-p", name, str(value)]  # -r: a date stays text


def _pod(task_id: str, command: str, arguments: list[str], **options) -> BaseOperator:
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from airflow.providers.cncf.kubernetes.secret import Secret

    settings = {name: value for name, value in os.environ.items() if name.startswith("PBM360_")}
    return KubernetesPodOperator(
        task_id=task_id,
        name=f"pbm360-{task_id.replace('_', '-')}",
        namespace=POD_NAMESPACE,
        config_file=POD_CLUSTER,
        image=SCHEDULE.image,
        cmds=[command],
        arguments=arguments,
        env_vars={name: value for name, value in settings.items() if name not in SECRET_VARIABLES},
        secrets=[Secret("env", name, POD_SECRET, name.lower()) for name in SECRET_VARIABLES],
        get_logs=True,
        on_finish_action="delete_pod",
        do_xcom_push=False,
        **options,
    )
