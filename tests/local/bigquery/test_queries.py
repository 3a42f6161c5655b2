"""Shapes of queries that the warehouse's SQL relies on: GoogleSQL's right answers."""

from datetime import date

import pytest
from google.api_core.exceptions import BadRequest

ROWS = "unnest([struct(1 as x, 2 as y, 'a' as z), struct(3, 4, 'b'), struct(5, 1, 'c')])"

AGGREGATES = [
    ("array_agg(x order by y desc limit 1)[safe_offset(0)]", 3),
    ("array_agg(struct(x, z) order by y limit 1)[safe_offset(0)].z", "c"),
    ("array_agg(struct(x as first, z as second) order by x)[offset(1)].first", 3),
    ("array_agg(x order by y)[safe_offset(9)]", None),
    ("min_by(z, y)", "c"),
    ("max_by(z, y)", "b"),
    ("any_value(z having min y)", "c"),
    ("any_value(z having max y)", "b"),
    ("countif(x > 1)", 2),
    ("logical_or(x > 4)", True),
    ("logical_and(x > 4)", False),
    ("string_agg(z, ',' order by x desc)", "c,b,a"),
    ("count(distinct if(x > 1, 'many', null))", 1),
    ("approx_count_distinct(z)", 3),
]


@pytest.mark.parametrize(("expression", "right"), AGGREGATES)
def test_aggregates(value, expression, right):
    assert value(f"select {expression} from {ROWS}") == right


def test_qualify_keeps_the_first_of_each(answer):
    sql = f"select x from {ROWS} where true qualify row_number() over (partition by x > 2 order by y) = 1 order by x"
    assert answer(sql) == [(1,), (5,)]


def test_a_nested_with_sees_the_outer_one(answer):
    sql = """
        with
            events as (select x from unnest([1, 2]) as x),
            totals as (with doubled as (select x * 2 as y from events) select sum(y) as total from doubled)
        select total, (select count(*) from events) from totals
    """
    assert answer(sql) == [(6, 2)]


def test_windows_ignore_nulls(answer):
    sql = """
        with readings as (
            select 1 as n, 'a' as v union all select 2, null union all select 3, 'b' union all select 4, null
        )
        select
            last_value(v ignore nulls) over (order by n rows between unbounded preceding and current row),
            first_value(v ignore nulls) over (
                order by n rows between current row and unbounded following
            )
        from readings
        order by n
    """
    assert answer(sql) == [("a", "a"), ("a", "b"), ("b", "b"), ("b", None)]


def test_structs_and_tuples_compare_by_position(answer):
    sql = """
        select
            struct(1, 'a') = struct(1, 'a'),
            (1, 'a') in ((1, 'a'), (2, 'b')),
            (2, 'z') in (select (n, w) from unnest([struct(2 as n, 'z' as w)])),
            struct(2, 'z') in (select struct(n, w) from unnest([struct(2 as n, 'z' as w)]))
    """
    assert answer(sql) == [(True, True, True, True)]


def test_an_index_out_of_bounds_is_an_error_unless_asked_safely(answer):
    assert answer("select [1, 2][safe_offset(5)], [1, 2][ordinal(1)], [1, 2][offset(1)]") == [(None, 1, 2)]
    with pytest.raises(BadRequest, match="out of bounds"):
        answer("select [1, 2][offset(5)]")


def test_days_without_rows_are_kept_by_a_left_join(answer):
    sql = """
        select day, count(n)
        from unnest(generate_date_array('2026-11-20', '2026-11-21')) as day
        left join (select date '2026-11-21' as at, 1 as n) as found on found.at = day
        group by day
        order by day
    """
    assert answer(sql) == [(date(2026, 11, 20), 0), (date(2026, 11, 21), 1)]


def test_set_operations_and_distinct(answer):
    sql = """
        select distinct x from unnest([1, 1, 2, 3]) as x
        except distinct
        select 3
        order by x
    """
    assert answer(sql) == [(1,), (2,)]


def test_nulls_sort_first_going_up(answer):
    assert answer("select x from unnest([2, null, 1]) as x order by x") == [(None,), (1,), (2,)]
    assert answer("select x from unnest([2, null, 1]) as x order by x desc") == [(2,), (1,), (None,)]


def test_names_that_are_free_in_googlesql_are_free_here(answer):
    assert answer("select at, offset, user from (select 1 as at, 2 as offset, 3 as user)") == [(1, 2, 3)]


LITERALS = [
    (r"""'{\"a\": 1}'""", '{"a": 1}'),
    (r"""'O\'x \" \\ \x41 \u00e9 \101'""", "O'x \" \\ A \u00e9 A"),
    (r"""r'\d \\'""", r"\d \\"),
    (r"""'a\tb\nc'""", "a\tb\nc"),
]


@pytest.mark.parametrize(("literal", "right"), LITERALS)
def test_literals_mean_what_googlesql_reads(value, literal, right):
    assert value(f"select {literal}") == right


@pytest.mark.parametrize(
    "expression", ["list_value(1)", "epoch(timestamp '2026-01-01')", "strftime(date '2026-01-01', '%Y')", "pow2(3)"]
)
def test_functions_that_googlesql_lacks_are_refused(answer, expression):
    with pytest.raises(BadRequest, match="Function not found"):
        answer(f"select {expression}")


@pytest.mark.parametrize(
    "sql",
    [
        "select '5' + 1",
        "select upper(1)",
        "select 1::int64",
        "select x, count(*) from unnest([1]) as x",
        "select (select x from unnest([1, 2]) as x)",
        "select 9223372036854775807 + 1",
        "select * from unnest([1]) for system_time as of timestamp '2026-01-01'",
        "execute immediate 'select 1'",
        "create or replace model pbm_ops.m options (model_type = 'LINEAR_REG') as select 1 as label, 2 as x",
        "begin create model pbm_ops.m options (model_type = 'LINEAR_REG') as select 1 as label, 2 as x; end",
    ],
)
def test_what_googlesql_refuses_is_refused(answer, sql):
    with pytest.raises(BadRequest):
        answer(sql)
