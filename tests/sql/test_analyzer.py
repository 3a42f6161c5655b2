"""Every statement of `sql/` is GoogleSQL by the word of Google's own analyzer, which refuses what is not."""

import re
from functools import partial

import pytest

from pbm360.warehouse import STAGED_TABLES, read_sql, statements
from tests.sql.catalog import PARAMETERS, created, sql_files, without_comments
from tests.sql.googlesql import GoogleSqlError
from tests.sql.models import MODEL_FILES, add_model

EVENTS = "pbm_silver.stg_order_events"
WITH_IDENTIFIERS = ("new_messages", "judged_messages")  # staged, and kept in the vault
CELLS = {"cells": {"block": "STRING", "cell": "STRING", "n": "INT64"}}
RELATIONS = {
    "events": EVENTS,
    "copies": EVENTS,
    "orders": "pbm_gold.fact_order_lifecycle",
    "pharmacies": "pbm_gold.dim_pharmacies",
}
OVER_RELATIONS = ("lifecycle/", "privacy/", "risk/order_")  # files that others include
NOT_GOOGLESQL = {
    "an unknown column": "select order_nr from pbm_gold.fact_order_lifecycle",
    "an unknown table": "select order_id from pbm_gold.fact_orders",
    "a comparison of types that have none": "select stage from pbm_gold.dim_stages where stage_order = 'FILL'",
    "a timestamp plus a number": "select received_at + 1 from pbm_gold.fact_order_lifecycle",
    "a function of DuckDB": "select date_part('hour', event_at) from pbm_silver.stg_order_events",
    "a function of DuckDB that BigQuery has by another name": "select list(stage) from pbm_gold.dim_stages",
    "a cast in another dialect": "select stage_order::string from pbm_gold.dim_stages",
    "a column neither grouped nor aggregated": "select stage, count(*) from pbm_gold.dim_stages",
    "a parameter that nobody declares": "select stage from pbm_gold.dim_stages where stage = @stage_name",
    "a parameter of another type": "select stage from pbm_gold.dim_stages where stage_order = @run_id",
    "an ambiguous name": "select stage from pbm_gold.dim_stages cross join pbm_gold.fact_order_lifecycle",
    "an insert of another type": "insert into pbm_ops.rule_schemas (dataschema, schema_version) values ('a', 'b')",
    "an insert with a column too few": "insert into pbm_ops.rule_schemas select dataschema from pbm_ops.rule_schemas",
    "a union of unequal columns": "select stage from pbm_gold.dim_stages union all select 1",
    "a union without all or distinct": "select 1 union select 2",
    "a window in where": "select stage from pbm_gold.dim_stages where row_number() over () = 1",
    "a function of a table with no argument": "select order_id from pbm_serving.order_lifecycle_as_of()",
    "nanoseconds": "select timestamp '2026-01-01 00:00:00.1234567+00'",
    "a partition by no column": "create table pbm_gold.x (a string) partition by b",
    "one statement cut short": "select stage from",
}


@pytest.fixture(scope="module")
def known(google, catalog):
    """The catalog's number at the analyzer."""
    return catalog.register(google)


@pytest.fixture(scope="module")
def known_with_relations(google, catalog):
    """The same, with the relations that the files of `lifecycle/`, `privacy/` and others are written over."""
    relations = {name: catalog.tables[table] for name, table in RELATIONS.items()} | CELLS
    relations["known_orders"] = {**relations["orders"], "as_of": "TIMESTAMP"}
    return catalog.register(google, relations)


@pytest.mark.parametrize("name", [name for name in sql_files() if name not in MODEL_FILES])
def test_google_accepts_every_statement_of(name, google, known, known_with_relations):
    number = known_with_relations if name.startswith(OVER_RELATIONS) else known
    for statement in statements(name):
        google.analyze(statement, number, PARAMETERS)


@pytest.mark.parametrize("name", MODEL_FILES)
def test_google_accepts_what_bigquery_ml_is_asked(name, google, catalog):
    columns = google.analyze(read_sql(MODEL_FILES[0]), catalog.register(google), PARAMETERS)
    number = google.register(catalog.tables, catalog.functions, partial(add_model, columns=columns))
    assert google.analyze(read_sql(name), number, PARAMETERS)
    with pytest.raises(GoogleSqlError, match="chanc"):
        google.analyze("select chanc from ml.predict(model pbm_ops.risk_boosted_tree, (select 1))", number, PARAMETERS)


@pytest.mark.parametrize("name", [name for name in sql_files() if name.startswith("checks/")])
def test_google_accepts_every_check_of_staged_tables(name, google, known):
    google.analyze(read_sql(name, staged=True), known, PARAMETERS)


@pytest.mark.parametrize("mistake", NOT_GOOGLESQL)
def test_google_refuses(mistake, google, known):
    with pytest.raises(GoogleSqlError, match=r"^\[INVALID_ARGUMENT\]"):
        google.analyze(NOT_GOOGLESQL[mistake], known, PARAMETERS)


def test_each_file_that_creates_something_bears_its_name(catalog):
    names = {name: created(statements(name)[0]) for name in sql_files()}
    found = {name: match.group(2) for name, match in names.items() if match}
    expected = {name: f"pbm_{name.removesuffix('.sql').replace('/', '.')}" for name in found}
    expected |= {f"staging/{name}.sql": f"pbm_vault.{name}" for name in WITH_IDENTIFIERS}
    assert found == expected
    assert set(found.values()) == set(catalog.tables) | set(catalog.functions)


def test_a_staged_table_has_the_columns_of_the_published_one_in_their_order(catalog):
    published = {name.partition(".")[2]: name for name in catalog.tables if name.startswith(("pbm_silver", "pbm_gold"))}
    for name in STAGED_TABLES:
        assert list(catalog.tables[f"pbm_staging.{name}"].items()) == list(catalog.tables[published[name]].items())


def test_serving_and_the_time_machine_have_the_columns_of_the_fact_in_their_order(catalog):
    fact = list(catalog.tables["pbm_gold.fact_order_lifecycle"].items())
    assert list(catalog.tables["pbm_serving.order_lifecycle"].items()) == fact
    arguments, columns = catalog.functions["pbm_serving.order_lifecycle_as_of"]
    assert (arguments, list(columns.items())) == ({"as_of": "TIMESTAMP"}, fact)


def test_live_has_the_columns_of_silver_in_their_order(catalog):
    assert list(catalog.tables["pbm_live.order_events"].items()) == list(catalog.tables[EVENTS].items())


def test_every_declared_parameter_is_used():
    text = "\n".join(without_comments(read_sql(name)) for name in sql_files())
    assert set(re.findall(r"@(\w+)", text)) == set(PARAMETERS)
