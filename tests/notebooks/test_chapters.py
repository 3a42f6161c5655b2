"""The chapters: they run in order on a fresh stack and print what is stored; their form is the house's."""

import json
import re
import subprocess
import sys

import pytest

from tests.notebooks.world import CHAPTERS, ROOT, fresh_stack

MACHINE_PATH = re.compile(r"(?<![\w.])/(root|home|work|tmp|Users)/[\w.-]+")
IDENTIFIER = re.compile(r"@patients\.example|Testpatient|\d{3}-555-\d{4}")
KNOWN_TAGS = {"parameters"}


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def cells(request):
    return json.loads(request.param.read_text())["cells"]


@pytest.mark.timeout(900)
def test_every_chapter_prints_again_what_is_stored(tmp_path):
    with fresh_stack(tmp_path / "state") as environment:
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
            assert not IDENTIFIER.search(text), text


def test_every_figure_has_a_title_and_named_axes(cells):
    for cell in cells:
        for output in cell.get("outputs", []):
            figure = output.get("data", {}).get("application/vnd.plotly.v1+json")
            if figure:
                layout = figure["layout"]
                assert layout["title"]["text"]
                assert "title" in layout["xaxis"] and "title" in layout["yaxis"]


def test_the_readme_names_every_chapter():
    readme = (ROOT / "README.md").read_text()
    assert [path.stem for path in CHAPTERS if path.stem not in readme] == []
