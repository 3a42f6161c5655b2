"""The chapters: they run in order on a fresh stack and print what is stored; their form is the house's."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.notebooks.world import CHAPTERS, ROOT, fresh_stack

MACHINE_PATH = re.compile(r"(?<![\w.])/(root|home|work|tmp|Users)/[\w.-]+")
IDENTIFIER = re.compile(r"@patients\.example|Testpatient|\d{3}-555-\d{4}")
KNOWN_TAGS = {"parameters"}


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def cells(request):
    return json.loads(request.param.read_text())["cells"]


@pytest.mark.timeout(900)
def test_every_chapter_prints_again_what_is_stored():
    with tempfile.TemporaryDirectory() as folder, fresh_stack(Path(folder) / "state") as environment:
        command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:bqemulator", "-p", "no:cacheprovider", "-q"]
        command += ["--rootdir", str(ROOT / "notebooks"), "-c", "/dev/null", "--nbval-cell-timeout", "300"]
        command += ["--nbval-sanitize-with", str(ROOT / "tests/notebooks/sanitize.cfg"), *map(str, CHAPTERS)]
        finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout[-8000:]
    assert "skipped" not in finished.stdout.splitlines()[-1]


def test_one_cell_is_tagged_parameters_and_no_other_tag_is_used(cells):
    tags = [tag for cell in cells for tag in cell["metadata"].get("tags", [])]
    assert tags.count("parameters") == 1
    assert set(tags) <= KNOWN_TAGS


def test_each_code_cell_follows_a_sentence_and_is_short(cells):
    for before, cell in zip(cells, cells[1:], strict=False):
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", []):
            source = "".join(cell["source"])
            assert before["cell_type"] == "markdown", source
            assert source.count("\n") < 24 if "import" in source else source.count("\n") < 15, source


def test_imports_stand_in_one_cell_and_nothing_is_installed(cells):
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sum(bool(re.search(r"^(import|from) ", source, re.MULTILINE)) for source in sources) == 1
    assert not any(re.search(r"pip install|sys\.path|import \*|!wget|!curl", source) for source in sources)


def test_stored_outputs_hold_no_path_identifier_or_error(cells):
    for cell in cells:
        for output in cell.get("outputs", []):
            text = json.dumps(output)
            assert output["output_type"] != "error", text
            assert not MACHINE_PATH.search(text), text
            assert "application/javascript" not in output.get("data", {}), (
                "a page would run it, and may load from the network"
            )
            assert not IDENTIFIER.search(text), text


def test_every_figure_has_a_title_and_named_axes(cells):
    for cell in cells:
        for output in cell.get("outputs", []):
            figure = output.get("data", {}).get("application/vnd.plotly.v1+json")
            if figure:
                assert unlabelled(figure) == [], figure["layout"]["title"]


def unlabelled(figure: dict) -> list[str]:
    """Name what a figure lacks: a title, or the title of an axis that is not a list of names."""
    layout = figure["layout"]
    missing = [] if layout.get("title", {}).get("text") else ["title"]
    for axis, letter in (("xaxis", "x"), ("yaxis", "y")):
        values = [value for trace in figure["data"] for value in _listed(trace.get(letter)) if value is not None]
        is_named = bool(values) and all(isinstance(value, str) and not value[:4].isdigit() for value in values)
        if not layout.get(axis, {}).get("title", {}).get("text") and not is_named:
            missing.append(axis)
    return missing


def _listed(values) -> list:
    return values if isinstance(values, list) else [0]  # numbers packed into bytes


def test_an_unlabelled_figure_is_seen():
    bar = {"x": [1, 2], "y": ["a", "b"]}
    assert unlabelled({"data": [bar], "layout": {"title": {"text": "t"}, "xaxis": {"title": {"text": "n"}}}}) == []
    assert unlabelled({"data": [bar], "layout": {}}) == ["title", "xaxis"]


def test_every_chapter_teaches_in_the_same_order(cells):
    text = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    parts = ["**You will learn**", "## What we found", "## Exercises", "<details><summary>Solutions</summary>"]
    places = [text.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)
    assert "raw record" in text.lower() and "A failure, and how it is handled" in text and "Sensitivity" in text
    assert "?" in text.splitlines()[0], "the title asks the chapter's one question"
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert any("read_sql(" in source and "Markdown(" in source for source in sources), "no SQL file is shown"
    figures = [
        output for cell in cells for output in cell.get("outputs", []) if "vnd.plotly" in json.dumps(output)[:400]
    ]
    assert figures


def test_no_code_asks_for_an_outside_address_and_none_is_skipped(cells):
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert not re.search(r"https?://(?!127\.0\.0\.1)|requests\.|urllib|nbval-skip|NBVAL_", source), source


def test_the_readme_names_every_chapter():
    readme = (ROOT / "README.md").read_text()
    assert [path.stem for path in CHAPTERS if path.stem not in readme] == []
