"""Runs, gates and heartbeats: what a real build leaves behind is told, on the command line and on a page."""

import datetime
from dataclasses import replace

import nbformat
import pytest

from pbm360 import medallion
from pbm360.checks import CheckFailed
from pbm360.gates import pass_gate
from pbm360.run_page import chapter_parts, write_run_page
from pbm360.runs import executed_notebooks, list_runs, run_checks
from pbm360.speed import StreamStale, last_beat, watch_stream
from tests.messages import at, bronze_row, event

DAY = datetime.date(2026, 11, 20)


@pytest.fixture(scope="module")
def staged(warehouse):
    """A run of a day that has passed silver's gate and not come to gold's."""
    payload = event("o1", "oms", "referral_received", "20 09:00")
    warehouse.load_rows("bronze.raw_orders", [bronze_row("1", payload, "20 09:01")])
    run = medallion.land_bronze(warehouse, DAY)
    medallion.stage_silver(warehouse, run)
    return run


def test_a_gate_opens_where_every_check_has_a_result_and_holds_where_one_did_not_run(warehouse, staged):
    assert pass_gate(warehouse, DAY, "silver") == 2
    with pytest.raises(CheckFailed, match="dim_drugs has no result.*The gate after gold of run 2026-11-20-.* shut"):
        pass_gate(warehouse, DAY, "gold")


def test_a_gate_holds_where_the_last_result_of_a_check_failed_and_opens_once_it_passes(warehouse, staged):
    result = {"run_id": staged.run_id, "run_date": DAY, "phase": "staged", "check_file": "stg_order_events"}
    result |= {"check_name": "a rule", "severity": "fail", "failing_row_count": 3, "example": "A1: why"}
    now = datetime.datetime.now(datetime.UTC)
    warehouse.load_rows("ops.quality_results", [result | {"checked_at": now, "checked_date": now.date()}])
    with pytest.raises(CheckFailed, match="stg_order_events: 'a rule' fails for 3 rows, e.g. A1: why"):
        pass_gate(warehouse, DAY, "silver")
    assert list_runs(warehouse)[0].gates == "1 failed"
    later = now + datetime.timedelta(seconds=1)
    mended = result | {"failing_row_count": 0, "checked_at": later, "checked_date": later.date()}
    warehouse.load_rows("ops.quality_results", [mended])
    assert pass_gate(warehouse, DAY, "silver") == 2


def test_a_gate_of_no_layer_is_refused(warehouse):
    with pytest.raises(ValueError, match="a gate stands after silver and gold; got 'bronze'"):
        pass_gate(warehouse, DAY, "bronze")


def test_a_published_run_is_listed_and_its_page_tells_it_without_code_or_network(warehouse, staged, tmp_path):
    medallion.stage_gold(warehouse, staged)
    medallion.publish(warehouse, staged)
    [run] = [run for run in list_runs(warehouse) if run.run_id == staged.run_id]
    assert (run.status, run.new_message_count, run.accepted_count, run.touched_order_count) == ("published", 1, 1, 1)
    assert run.duration_seconds > 0
    assert {row["check_file"] for row in run_checks(warehouse, run.run_id)} >= {"dim_drugs", "fact_order_lifecycle"}
    page = write_run_page(warehouse, tmp_path / "run.html").read_text()
    assert "The day is published" in page and "Friday 20 November 2026" in page
    assert 'src="http' not in page and 'href="http' not in page


def test_the_page_shows_a_chapters_prose_and_results_and_hides_its_code(tmp_path):
    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("stream", name="stdout", text="7 < 8\n")
    failed = nbformat.v4.new_output("error", ename="CheckFailed", evalue="secret", traceback=[])
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Title\n\nprose\n\n## Exercises\n\n1. hidden"),
        nbformat.v4.new_code_cell("the_code()", outputs=[output, failed]),
    ]
    path = tmp_path / "04_bronze.ipynb"
    nbformat.write(notebook, path)
    text = "".join(chapter_parts(path))
    assert "prose" in text and "7 &lt; 8" in text and "Here the run stopped: CheckFailed" in text
    assert "the_code" not in text and "hidden" not in text and "secret" not in text


def test_executed_notebooks_of_a_day_are_found_newest_first(settings, tmp_path):
    for run in ("a", "b"):
        folder = tmp_path / "daily_medallion" / "2026-11-20" / run
        folder.mkdir(parents=True)
        (folder / "04_bronze.ipynb").write_text("{}")
    (tmp_path / "daily_medallion" / "2026-11-21").mkdir()
    found = executed_notebooks(replace(settings, runs=str(tmp_path)), DAY)
    assert sorted(found) == [str(tmp_path / f"daily_medallion/2026-11-20/{run}/04_bronze.ipynb") for run in ("a", "b")]
    assert executed_notebooks(replace(settings, runs="gs://my-runs"), DAY) == ["gs://my-runs/*/2026-11-20/*/*.ipynb"]


def test_a_stream_that_beats_is_fresh_and_one_that_stopped_is_stale(make_warehouse):
    warehouse = make_warehouse()
    assert last_beat(warehouse, at("20 12:00")).age_seconds is None
    beat = {"process": "stream", "received_count": 7, "rejected_count": 1, "lag_seconds": 0.5}
    warehouse.load_rows("ops.heartbeats", [beat | {"beat_at": at("20 11:59"), "beat_date": DAY}])
    assert last_beat(warehouse, at("20 12:00")).age_seconds == 60
    with pytest.raises(StreamStale, match="expected one within 0 s"):
        watch_stream(warehouse, minutes=0, stale_seconds=0)
    now = datetime.datetime.now(datetime.UTC)
    warehouse.load_rows("ops.heartbeats", [beat | {"beat_at": now, "beat_date": now.date()}])
    assert watch_stream(warehouse, minutes=0, stale_seconds=60) == 1
