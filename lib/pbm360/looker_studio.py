"""Open the reports in Looker Studio: the address that binds the data sources, and the report to build on them.

The report is described in `dashboards/looker_studio.yaml`: data sources, pages, charts and fields, which a test holds
against the views of `pbm_reporting`. Address parameters are those of Google's Linking API for Looker Studio.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import yaml

from pbm360.settings import Settings

REPORT_FILE = Path(__file__).parents[2] / "dashboards" / "looker_studio.yaml"
CREATE_ADDRESS = "https://lookerstudio.google.com/reporting/create"


@dataclass(frozen=True)
class Chart:
    """One chart of a page: its kind, its title, its data source, and the fields by the place that takes them."""

    kind: str
    title: str
    source: str
    fields: dict[str, tuple[str, ...]]
    note: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the data source that the chart uses."""
        return tuple(dict.fromkeys(name for names in self.fields.values() for name in names))


@dataclass(frozen=True)
class Report:
    """The report: its name, each data source's view with the type of each field, and the pages with their charts."""

    name: str
    sources: dict[str, dict[str, str]]
    pages: dict[str, tuple[Chart, ...]]


def read_report(file: Path = REPORT_FILE) -> Report:
    """Read the report's description. Raises `ValueError` where a chart names a source or field that isn't described."""
    found = yaml.safe_load(file.read_text())
    pages = {page["name"]: tuple(_chart(chart) for chart in page["charts"]) for page in found["pages"]}
    for page, charts in pages.items():
        for chart in charts:
            unknown = [name for name in chart.columns if name not in found["sources"].get(chart.source, {})]
            if unknown:
                raise ValueError(
                    f"{file.name}: page {page!r}, chart {chart.title!r} names {unknown} of {chart.source!r}"
                )
    return Report(found["name"], found["sources"], pages)


def _chart(found: dict) -> Chart:
    fields = {place: tuple([names] if isinstance(names, str) else names) for place, names in found["fields"].items()}
    return Chart(found["kind"], found["title"], found["source"], fields, found.get("note", ""))


def report_address(settings: Settings, report: Report, template_id: str = "") -> str:
    """Return the address that opens a report with every data source bound.

    `template_id` is the id of a report of your own to copy (its data sources' aliases are the views' names); without
    it a blank report opens.
    """
    parameters = {"c.mode": "edit", "r.reportName": report.name}
    if template_id:
        parameters["c.reportId"] = template_id
    for source in report.sources:
        parameters |= {
            f"ds.{source}.connector": "bigQuery",
            f"ds.{source}.datasourceName": f"{settings.dataset('reporting')}.{source}",
            f"ds.{source}.type": "TABLE",
            f"ds.{source}.projectId": settings.project,
            f"ds.{source}.billingProjectId": settings.project,
            f"ds.{source}.datasetId": settings.dataset("reporting"),
            f"ds.{source}.tableId": source,
            f"ds.{source}.refreshFields": "true",
        }
    return f"{CREATE_ADDRESS}?{urlencode(parameters)}"
