"""The command line: every command explains itself and is documented; errors are one line and an exit code."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from pbm360.cli import app

ROOT = Path(__file__).parents[1]
COMMANDS = sorted(get_command(app).commands)


def run(*arguments, **variables):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PBM360_")} | variables
    command = [sys.executable, "-m", "pbm360", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def variables(stack_settings):
    return {
        "PBM360_STATE_DIR": str(stack_settings.state_dir),
        "PBM360_PROJECT": "pbm-cli",
        "PBM360_BIGQUERY_URL": stack_settings.bigquery_url,
        "PBM360_BIGQUERY_STORAGE_ENDPOINT": stack_settings.bigquery_storage_endpoint,
        "PBM360_PUBSUB_ENDPOINT": stack_settings.pubsub_endpoint,
        "PBM360_OMS_DSN": stack_settings.oms_dsn,
        "PBM360_PSEUDONYM_KEY": stack_settings.pseudonym_key,
    }


def test_every_command_has_a_help_text_and_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    for name in COMMANDS:
        assert get_command(app).commands[name].help, name
        assert f"`pbm360 {name}" in readme, name


def test_query_prints_a_table_json_and_csv(variables):
    sql = "select 1 as one, 'a' as letter union all select 2, null order by one"
    assert "2 rows" in run("query", sql, **variables).stdout
    rows = [json.loads(line) for line in run("query", sql, "--format", "json", **variables).stdout.splitlines()]
    assert rows == [{"one": 1, "letter": "a"}, {"one": 2, "letter": None}]
    assert run("query", sql, "--format", "csv", **variables).stdout.splitlines() == ["one,letter", "1,a", "2,"]


def test_a_bad_query_is_one_line_on_standard_error_and_exit_3(variables):
    finished = run("query", "select nothing_there from (select 1 as one)", **variables)
    assert finished.returncode == 3
    assert "nothing_there" in finished.stderr and "Traceback" not in finished.stderr


def test_a_wrong_setting_is_refused_with_what_was_expected():
    finished = run("status", PBM360_TARGET="aws")
    assert finished.returncode == 3
    assert "one of local, gcp" in finished.stderr and "Traceback" not in finished.stderr


def test_without_a_stack_a_command_says_how_to_start_one(tmp_path):
    finished = run("query", "select 1", PBM360_STATE_DIR=str(tmp_path / "none"))
    assert finished.returncode == 3
    assert "pbm360 up" in finished.stderr and "Traceback" not in finished.stderr


def test_down_without_anything_started_is_harmless(tmp_path):
    finished = run("down", PBM360_STATE_DIR=str(tmp_path / "none"))
    assert finished.returncode == 0, finished.stderr


def test_a_second_signal_interrupts_what_does_not_heed_the_first():
    waiting = "import time, threading; from pbm360.terminal import set_on_signal; set_on_signal(threading.Event());"
    waiting += "print('waits', flush=True); time.sleep(1); print('heard', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", waiting], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout.readline() == b"waits\n"
            process.send_signal(signal.SIGTERM)
            assert process.stdout.readline() == b"heard\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) != 0
        finally:
            process.kill()
