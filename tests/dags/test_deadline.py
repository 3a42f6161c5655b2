"""A run that is late is told of, by a real scheduler."""

import time

import pytest

WAIT_SECONDS = 180


@pytest.mark.timeout(400)
def test_a_missed_deadline_is_told_by_a_real_scheduler(airflow):
    commands = airflow.start(PBM360_DEADLINE_HOURS="0.0002", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database(airflow))
    try:
        assert commands.run("db", "migrate") == 0, commands.output[-3000:]
        assert commands.run("dags", "reserialize") == 0, commands.output[-3000:]
        # the DAG stays paused: its run waits in the queue, as one does behind a run that hangs
        assert commands.run("dags", "trigger", "nightly_order_management_snapshot", "--run-id", "late") == 0
        commands.begin("scheduler")
        alerts = wait_for_alerts(airflow, commands)
    finally:
        commands.stop()
    [alert] = alerts
    assert (alert["alert"], alert["dag"]) == ("deadline_missed", "nightly_order_management_snapshot")
    assert alert["run"] == "late" and alert["deadline"]


def database(airflow) -> str:
    return f"sqlite:///{airflow.home / 'late.db'}"


def wait_for_alerts(airflow, commands) -> list[dict]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = [alert for alert in airflow.alerts if alert["alert"] == "deadline_missed"]
        if found:
            return found
        assert commands.process.poll() is None, commands.log.read_text()[-3000:]
        time.sleep(0.2)
    raise AssertionError(f"no alert within {WAIT_SECONDS} s: {commands.log.read_text()[-3000:]}")
