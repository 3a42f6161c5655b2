"""The Looker Studio report: each field that it names is a column of a reporting view, of that type."""

from urllib.parse import parse_qs, urlsplit

import pytest

from pbm360.looker_studio import read_report, report_address
from pbm360.settings import Settings
from pbm360.warehouse import table_files

TYPES = {
    "date": {"DATE"},
    "text": {"STRING"},
    "boolean": {"BOOLEAN", "BOOL"},
    "number": {"INTEGER", "INT64", "NUMERIC", "FLOAT", "FLOAT64"},
    "percent": {"FLOAT", "FLOAT64"},
}


def test_every_field_is_a_column_of_its_view_with_its_type(warehouse):
    report = read_report()
    views = {name.removeprefix("reporting/").removesuffix(".sql") for name in table_files() if "reporting/" in name}
    assert set(report.sources) == views
    for source, fields in report.sources.items():
        schema = warehouse.client.get_table(warehouse.table_id(f"reporting.{source}")).schema
        assert list(fields) == [column.name for column in schema], source
        assert [column.name for column in schema if column.field_type not in TYPES[fields[column.name]]] == [], source


def test_every_source_is_on_a_page_and_every_title_is_a_question():
    report = read_report()
    charts = [chart for charts in report.pages.values() for chart in charts]
    assert all(chart.title.endswith("?") and chart.columns for chart in charts)
    assert {chart.source for chart in charts} | {"dates"} == set(report.sources)


def test_a_chart_of_an_unknown_field_is_refused(tmp_path):
    file = tmp_path / "report.yaml"
    chart = "{kind: table, title: 'What?', source: dates, fields: {metric: nonsense}}"
    file.write_text(f"name: x\nsources: {{dates: {{report_date: date}}}}\npages: [{{name: p, charts: [{chart}]}}]\n")
    with pytest.raises(ValueError, match=r"'What\?' names \['nonsense'\] of 'dates'"):
        read_report(file)


def test_the_address_binds_every_view_of_the_project():
    settings = Settings(project="a-pharmacy", dataset_prefix="rx")
    address = urlsplit(report_address(settings, read_report(), "template-1"))
    parameters = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.netloc, address.path) == ("lookerstudio.google.com", "/reporting/create")
    assert parameters["c.reportId"] == "template-1"
    for source in read_report().sources:
        assert parameters[f"ds.{source}.connector"] == "bigQuery"
        assert parameters[f"ds.{source}.projectId"] == "a-pharmacy"
        assert parameters[f"ds.{source}.datasetId"] == "rx_reporting"
        assert parameters[f"ds.{source}.tableId"] == source
    assert "c.reportId" not in report_address(settings, read_report())
