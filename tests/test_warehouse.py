"""Warehouse access: SQL files, parameters, loads, Storage Read."""

import datetime
import decimal

import pytest
from google.api_core.exceptions import BadRequest, NotFound

from pbm360.settings import Settings, SettingsError
from pbm360.warehouse import (
    LARGE_RESULT_ROWS,
    Warehouse,
    definition,
    query_parameter,
    read_sql,
    statements,
    table_files,
)

UTC = datetime.UTC
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_only_dataset_names_are_substituted():
    plain, prefixed = read_sql("build/publish.sql"), read_sql("build/publish.sql", "team_a")
    assert "pbm_" not in prefixed.replace("pbm_live.order_events", "")
    assert prefixed.replace("team_a_", "pbm_") == plain


def test_an_include_is_replaced_by_the_files_query():
    text = read_sql("serving/order_lifecycle.sql")
    assert "-- include" not in text
    assert "effective_events as (" in text and "row_number() over (" in text


def test_gold_serving_and_the_time_machine_hold_one_lifecycle():
    body = read_sql("lifecycle/order_lifecycle.sql").rstrip().rstrip(";")
    for name in (
        "staging/fact_order_lifecycle.sql",
        "serving/order_lifecycle.sql",
        "serving/order_lifecycle_as_of.sql",
    ):
        assert read_sql(name).count(body) == 1, name


def test_the_staged_reading_names_staging_in_place_of_what_is_published():
    text = read_sql("checks/fact_stage_visits.sql", staged=True)
    assert "pbm_staging.fact_stage_visits" in text and "pbm_gold.fact_" not in text


def test_an_unknown_sql_file_is_named():
    with pytest.raises(FileNotFoundError, match="gold/nothing.sql"):
        read_sql("gold/nothing.sql")


def test_every_file_of_a_layer_defines_the_table_it_is_named_after():
    for name in table_files():
        layer, _, table = name.removesuffix(".sql").partition("/")
        assert f"pbm_{layer}.{table}" in definition(name), name


def test_statements_split_at_semicolons_that_end_a_line():
    assert len(statements("build/start_run.sql")) == 1


def test_without_a_stack_the_error_says_how_to_start_one():
    with pytest.raises(SettingsError, match="pbm360 up"):
        Warehouse(Settings())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "BOOL"),
        (1, "INT64"),
        ("x", "STRING"),
        (NOON, "TIMESTAMP"),
        (NOON.date(), "DATE"),
        (decimal.Decimal("1.5"), "NUMERIC"),
        (("STRING", None), "STRING"),
    ],
)
def test_a_parameter_takes_its_type_from_its_value(value, expected):
    assert query_parameter("p", value).type_ == expected


def test_a_list_becomes_an_array_and_an_empty_one_must_name_its_type():
    assert query_parameter("p", ["a", "b"]).array_type == "STRING"
    with pytest.raises(ValueError, match="an empty list has no type"):
        query_parameter("p", [])


def test_parameters_reach_the_query(warehouse):
    rows = warehouse.query(
        "select @name as name, @at as at, array_length(@ids) as n", {"name": "a'b", "at": NOON, "ids": ["x", "y"]}
    )
    assert rows.to_pylist() == [{"name": "a'b", "at": NOON, "n": 2}]


def test_a_large_result_has_the_rows_and_types_of_a_small_one(warehouse):
    columns = "n, concat('é', n) as text, n / 4 as part, @at as at"
    sql = f"select {columns} from unnest(generate_array(1, @count)) as n order by n"
    small, large = (warehouse.query(sql, {"at": NOON, "count": count}) for count in (5, 2 * LARGE_RESULT_ROWS))
    assert large.num_rows == 2 * LARGE_RESULT_ROWS
    assert (large.schema, large.slice(0, 5).to_pylist()) == (small.schema, small.to_pylist())


def test_rows_loaded_are_read_back_by_storage_read(warehouse):
    patient = {"patient_id": "P-1", "patient_key": "0" * 32, "created_at": NOON}
    warehouse.load_rows("vault.patient_keys", [patient])
    assert warehouse.read_table("vault.patient_keys").to_pylist() == [patient]
    assert warehouse.read_table("vault.patient_keys", ["patient_id"], "patient_id = 'P-2'").num_rows == 0


def test_replace_replaces_and_append_appends(warehouse):
    stage = {"stage": "X", "stage_order": 1, "label": "x", "sla_hours": None, "is_terminal": True}
    warehouse.load_rows("gold.dim_stages", [stage], replace=True)
    warehouse.load_rows("gold.dim_stages", [stage])
    assert warehouse.read_table("gold.dim_stages").num_rows == 2


def test_bytes_come_back_byte_for_byte(warehouse):
    row = {"message_id": "m", "known_date": NOON.date(), "attributes": "{}"}
    row |= dict.fromkeys(("publish_time", "ingested_at", "known_at"), NOON)
    warehouse.load_rows("bronze.raw_orders", [row | {"payload": b"\x00\xff{"}])
    assert warehouse.read_table("bronze.raw_orders", ["payload"])["payload"].to_pylist() == [b"\x00\xff{"]


def test_a_bad_statement_raises(warehouse):
    with pytest.raises(BadRequest):
        warehouse.query("select no_such_column from (select 1 as one)")


def test_a_table_must_be_named_by_its_layer(warehouse):
    with pytest.raises(ValueError, match=r"layer\.table"):
        warehouse.read_table("orders")


def test_works_side_by_side_have_clients_of_their_own_which_stay_open(warehouse):
    first, second = (warehouse.together([lambda other: other.client] * 2) for _ in range(2))
    assert first[0] is second[0] and first[1] is second[1]
    assert len({id(client) for client in (warehouse.client, *first)}) == 3
    assert warehouse.together([lambda other: other.query("select 1 as n").to_pylist()] * 3) == [[{"n": 1}]] * 3


def test_the_first_failure_of_works_side_by_side_is_raised_once_all_have_ended(warehouse):
    ended = []

    def fails(other):
        other.query("select nothing from nowhere")

    def works(other):
        ended.append(other.query("select 1 as n").to_pylist())

    with pytest.raises(NotFound):
        warehouse.together([fails, works])
    assert ended == [[{"n": 1}]]


def test_works_may_have_works_of_their_own(warehouse):
    def nested(other):
        return other.together([lambda third: id(third.client), lambda fourth: id(fourth.client)])

    found = warehouse.together([nested, nested])
    assert len({client for pair in found for client in pair}) == 4
