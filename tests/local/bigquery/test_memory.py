"""What is remembered of a statement stays as it was, whoever looks at it."""

from pathlib import Path

import bqemulator
import pytest
import sqlglot
from bqemulator.catalog import ddl_sync
from bqemulator.jobs import ddl_result, executor, routine_ddl
from bqemulator.scripting import interpreter
from sqlglot.dialects.dialect import Dialect

from pbm360.local.bigquery.corrections import jobs, memory

STATEMENTS = [
    "select a, b from pbm_gold.t where a > 1",
    "create or replace table pbm_gold.t partition by d as select * from pbm_silver.s",
    "create table if not exists pbm_gold.t (a string not null options (description = 'A')) cluster by a",
    "create or replace view pbm_serving.v as with x as (select 1 as a) select * from x",
    "insert into pbm_gold.t (a) select a from pbm_silver.s",
    "delete from pbm_gold.t where a in (select a from pbm_silver.s)",
    "update pbm_gold.t as t set a = s.a from pbm_silver.s as s where s.b = t.b",
    "drop table if exists pbm_gold.t",
]
LOOKS = [
    ddl_sync._detect_catalog_drop,
    ddl_sync._detect_plain_create_table,
    ddl_sync._detect_plain_create_view,
    lambda sql: ddl_sync._detect_create_schema(sql, "pbm-local"),
    executor._parse_for_classification,
    executor.classify_statement_type,
    ddl_result._parse_statement,
    lambda sql: routine_ddl.detect_drop_routine(sql, "pbm-local"),
    interpreter._is_row_producing,
    jobs._what_it_does,
]


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(Dialect, "parse", memory.parse)


@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_look_leaves_the_remembered_statement_as_it_was(sql):
    fresh = memory.dialect_parse(sqlglot.Dialect.get_or_raise("bigquery"), sql)[0]
    for look in LOOKS:
        look(sql)
        remembered = ddl_result._parse_statement(sql)
        assert remembered is ddl_result._parse_statement(sql)  # remembered, not made again
        assert repr(remembered) == repr(fresh)


def test_who_may_change_a_statement_gets_a_copy():
    sql = STATEMENTS[0]
    ddl_result._parse_statement(sql)
    sqlglot.parse_one(sql, read="bigquery").find(sqlglot.exp.Table).set("db", sqlglot.to_identifier("elsewhere"))
    assert "elsewhere" not in repr(ddl_result._parse_statement(sql))


def test_the_named_readers_exist():
    source = "\n".join(path.read_text() for path in memory_sources())
    assert [name for name in memory.READERS if f"def {name}(" not in source] == []


def memory_sources():
    return [*Path(bqemulator.__file__).parent.rglob("*.py"), *Path(memory.__file__).parent.glob("*.py")]
