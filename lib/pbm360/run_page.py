"""Write the newest run as one page for people who don't read code: what it did, its gates, its chapters' results."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import nbformat
import plotly.io
from jinja2 import Environment, PackageLoader
from nbconvert.filters import markdown2html
from plotly.offline import get_plotlyjs

from pbm360.checks import CheckFailed
from pbm360.runs import RunSummary, executed_notebooks, list_runs, run_checks
from pbm360.warehouse import Warehouse

PLOTLY = "application/vnd.plotly.v1+json"
STATUS_WORDS = {
    "published": "The day is published: every gate was passed.",
    "failed": "The run failed; nothing of it was published.",
    "gated": "The gates were passed; publication is still to come.",
    "staged": "The run stands after silver; nothing of it is published.",
    "started": "The run has begun; nothing of it is published.",
}


def write_run_page(warehouse: Warehouse, path: Path) -> Path:
    """Write the page of the newest run; it needs no network to be read. Raises `CheckFailed` where there is no run."""
    found = list_runs(warehouse, max_runs=1)
    if not found:
        raise CheckFailed("no run of the batch is on record; build a day first (`pbm360 build --date D`)")
    path.write_text(run_page(found[0], run_checks(warehouse, found[0].run_id), _notebooks(warehouse, found[0])))
    return path


def run_page(run: RunSummary, checks: list[dict], notebooks: list[Path]) -> str:
    """Return the page's HTML: the run, its checks, and the text and results (no code) of its executed chapters."""
    template = Environment(loader=PackageLoader("pbm360", "pages"), autoescape=True).get_template("run.html")
    return template.render(
        run=run,
        sentence=STATUS_WORDS.get(run.status, run.status),
        checks=checks,
        chapters=[{"name": path.stem, "parts": chapter_parts(path)} for path in notebooks],
        written_at=datetime.datetime.now(datetime.UTC),
        plotly=get_plotlyjs() if notebooks else "",
    )


def chapter_parts(path: Path) -> list[str]:
    """Return an executed notebook as pieces of HTML: its prose, tables, figures and printed lines, without code."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(markdown2html(_without_exercises(cell.source)))
        elif cell.cell_type == "code":
            parts += [_output(output) for output in cell.outputs]
    return [part for part in parts if part]


def _output(output: nbformat.NotebookNode) -> str:
    data = output.get("data", {})
    if output.output_type == "error":
        return f'<p class="failed">Here the run stopped: {_escaped(output.ename)}</p>'
    if PLOTLY in data:
        figure = plotly.io.from_json(json.dumps({key: data[PLOTLY][key] for key in ("data", "layout")}))
        return figure.to_html(full_html=False, include_plotlyjs=False)
    if "text/html" in data:
        return data["text/html"]
    if "text/markdown" in data:
        return f"<details><summary>The SQL</summary>{markdown2html(data['text/markdown'])}</details>"
    text = output.get("text") or data.get("text/plain", "")
    return f"<pre>{_escaped(text)}</pre>" if text else ""


def _without_exercises(text: str) -> str:
    return text.split("## Exercises")[0]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _notebooks(warehouse: Warehouse, run: RunSummary) -> list[Path]:
    """Return the day's newest executed copy of each chapter, in order; none where they are kept in a bucket."""
    newest: dict[str, Path] = {}
    for address in executed_notebooks(warehouse.settings, run.run_date):
        if "://" not in address:
            newest.setdefault(Path(address).stem, Path(address))
    return [newest[name] for name in sorted(newest)]
