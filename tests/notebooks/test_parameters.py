"""The chapters by papermill, as the schedule runs them, each with parameters other than those that are stored."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import papermill
import pytest

from pbm360.settings import load_settings
from pbm360.warehouse import Warehouse
from tests.identifiers import file_texts, hits, identifiers, published_texts
from tests.notebooks.world import CHAPTERS, ROOT, fresh_stack

END, DAY = "2026-11-18T12:00:00Z", "2026-11-18"
OTHER_PARAMETERS = {
    "01_simulate": {
        "orders": 400,
        "days": 4,
        "end": END,
        "crowd_orders": 600,
        "seed": 7,
        "scenario": "broken_quality_scanners@4",
    },
    "02_stream_interactively": {"event_count": 800, "window_minutes": 30, "end": END, "seed": 7},
    "03_stream_on_dataflow": {"events_per_day": 2_000_000, "max_workers": 2, "end": END, "seed": 7},
    "04_bronze": {"run_date": DAY},
    "05_silver": {"run_date": DAY},
    "06_gold": {"run_date": DAY, "publishes": True},
    "07_serve": {"run_date": DAY},
    "08_find_the_bottleneck": {"run_date": DAY, "end_hour": 12, "window_days": 1},
    "09_patient_satisfaction": {"study_orders": 900, "study_days": 20, "end": END, "seed": 3},
    "10_bigquery_dataframes": {"table": "gold.fact_order_lifecycle", "min_orders": 3},
    "11_your_own_data": {"run_date": DAY, "order_prefix": "YOURS-", "csv_folder": ""},
    "12_trust_card": {"run_date": DAY},
    "13_see_it_coming": {"seed": 4, "order_count": 1500, "world_days": 48},
}
OWN_EXPORTS = {  # a reader's own files, which chapter 11 imports and leaves as they are
    "orders.csv": "Order No,Referral,Filled,Shipped\n7,2026-11-16 09:00:00,2026-11-17 10:00:00,2026-11-17 11:00:00\n",
    "scans.csv": "Order No,Scan,When\n7,Out for Delivery,2026-11-18 08:00:00\n",
}
EXECUTE = "import json, sys, papermill; papermill.execute_notebook(**json.load(sys.stdin))"


@pytest.mark.timeout(900)
def test_every_chapter_runs_with_other_parameters(tmp_path):
    # not below pytest's folder, which another session of pytest closes to the user that root starts PostgreSQL as
    own = tmp_path / "exports"
    own.mkdir()
    for name, text in OWN_EXPORTS.items():
        (own / name).write_text(text)
    with tempfile.TemporaryDirectory() as folder, fresh_stack(Path(folder) / "state") as environment:
        for path in CHAPTERS:
            options = {
                "input_path": str(path),
                "output_path": str(tmp_path / path.name),
                "parameters": OTHER_PARAMETERS[path.stem] | ({"csv_folder": str(own)} if path.stem[:2] == "11" else {}),
                "cwd": str(ROOT / "notebooks"),
                "progress_bar": False,
            }
            command, text = [sys.executable, "-c", EXECUTE], json.dumps(options)
            finished = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=False)
            assert finished.returncode == 0, f"{path.stem}: {finished.stderr[-3000:]}"
        assert {path.name: path.read_text() for path in own.iterdir()} == OWN_EXPORTS
        # Pub/Sub keeps its messages in files of this ending, too: they are what bronze holds, and no log
        logs = [path for path in Path(folder).rglob("*.log") if "topics" not in path.parts]
        assert {path.name for path in logs} >= {"bigquery.log", "pubsub.log", "postgresql.log"}
        look_for_identifiers(environment, [*logs, *tmp_path.glob("*.ipynb")])


def look_for_identifiers(environment, files):
    """No table past bronze and the vault, no line of a log and no executed chapter names a patient."""
    ours = {name: text for name, text in environment.items() if name.startswith("PBM360_")}
    warehouse = Warehouse(load_settings(ours))
    known = identifiers(warehouse)
    assert min(map(len, known.values())) > 10, {kind: len(values) for kind, values in known.items()}
    assert hits(file_texts(files), known) == []
    assert len(files) > 10
    assert hits(published_texts(warehouse), known) == []
    one = next(iter(known["email"]))
    assert hits({"a.log": f"wrote to <{one}>", "silver.x": f"{one}\n1 Nowhere"}, known) == [
        f"a.log: email {one}",
        f"silver.x: email {one}",
    ]


def test_every_parameter_of_every_chapter_is_among_them():
    for path in CHAPTERS:
        known = papermill.inspect_notebook(path)
        assert set(OTHER_PARAMETERS[path.stem]) <= set(known), path.stem
        defaults = {name: json.loads(json.dumps(item["default"])) for name, item in known.items()}
        changed = [name for name, value in OTHER_PARAMETERS[path.stem].items() if repr(value) != defaults[name]]
        assert changed, f"{path.stem} runs with its own defaults"
        assert all(item["help"] and item["inferred_type_name"] in ("str", "int", "bool") for item in known.values())
