"""Numbers, casts and quantiles: GoogleSQL's right answers."""

from decimal import Decimal

import pytest
from google.api_core.exceptions import BadRequest

CASTS = [
    ("cast(2.5 as int64)", 3),
    ("cast(-2.5 as int64)", -3),
    ("cast(0.49999999999999994 as int64)", 0),
    ("cast(numeric '2.5' as int64)", 3),
    ("cast(true as int64)", 1),
    ("cast(' 7 ' as int64)", 7),
    ("cast('0x1A' as int64)", 26),
    ("safe_cast('2.5' as int64)", None),
    ("safe_cast('1e3' as int64)", None),
    ("safe_cast('' as int64)", None),
    ("safe_cast(null as int64)", None),
    ("safe_cast(1e30 as int64)", None),
    ("safe_cast('TRUE' as bool)", True),
    ("safe_cast('yes' as bool)", None),
    ("safe_cast('t' as bool)", None),
    ("safe_cast('1' as bool)", None),
    ("cast('12.345678901' as numeric)", Decimal("12.345678901")),
    ("safe_cast(' 7.50 ' as numeric)", Decimal("7.5")),
    ("safe_cast('1.0000000005' as numeric)", Decimal("1.000000001")),
    ("safe_cast('x' as numeric)", None),
    ("cast(1.0 as string)", "1"),
    ("cast(1.5 as string)", "1.5"),
    ("cast(numeric '1.50' as string)", "1.5"),
    ("cast(true as string)", "true"),
    ("cast(b'abc' as string)", "abc"),
]


@pytest.mark.parametrize(("expression", "right"), CASTS)
def test_casts(value, expression, right):
    assert value(f"select {expression}") == right


def test_halves_in_a_column_round_away_from_zero(answer):
    sql = "select cast(given as int64) from unnest([0.5, 1.5, 2.5, -0.5]) as given order by given"
    assert answer(sql) == [(-1,), (1,), (2,), (3,)]


ARITHMETIC = [
    ("div(10 - 3, 2)", 3),
    ("div(10, 5 - 2)", 3),
    ("div(-7, 2)", -3),
    ("mod(10 - 3, 4)", 3),
    ("mod(-7, 3)", -1),
    ("7 / 2", 3.5),
    ("safe_divide(1, 0)", None),
    ("round(2.5)", 3.0),
    ("round(-2.5)", -3.0),
    ("round(numeric '2.345', 2)", Decimal("2.35")),
    ("numeric '1.10' + numeric '2.205'", Decimal("3.305")),
    ("greatest(1, null)", None),
    ("trunc(2.7)", 2.0),
]


@pytest.mark.parametrize(("expression", "right"), ARITHMETIC)
def test_arithmetic(value, expression, right):
    assert value(f"select {expression}") == right


@pytest.mark.parametrize("expression", ["div(1, 0)", "mod(1, 0)", "1 / 0", "cast(1e30 as int64)", "cast('x' as int64)"])
def test_what_has_no_answer_is_an_error(value, expression):
    with pytest.raises(BadRequest):
        value(f"select {expression}")


def test_numeric_keeps_nine_digits_in_tables_and_aggregates(answer, dataset):
    answer(f"create table {dataset}.costs (cost numeric)")
    answer(f"insert into {dataset}.costs (cost) values (numeric '1.123456789'), (numeric '2.000000001')")
    sql = f"select sum(cost), avg(cost), max(cost) from {dataset}.costs"
    assert answer(sql) == [(Decimal("3.12345679"), Decimal("1.561728395"), Decimal("2.000000001"))]


QUANTILES = [
    ("approx_quantiles(x, 4)[offset(0)]", 1),
    ("approx_quantiles(x, 4)[offset(2)]", 3),
    ("approx_quantiles(x, 4)[offset(4)]", 5),
    ("approx_quantiles(x, 100)[safe_offset(50)]", 3),
    ("approx_quantiles(x, 4)", [1, 2, 3, 4, 5]),
]


@pytest.mark.parametrize(("expression", "right"), QUANTILES)
def test_approx_quantiles(value, expression, right):
    assert value(f"select {expression} from unnest([1, 2, 3, 4, 5]) as x") == right


def test_percentiles_over_a_partition(answer):
    sql = """
        select distinct percentile_cont(x, 0.5) over (partition by k), percentile_disc(x, 0.5) over (partition by k)
        from (select 'a' as k, x from unnest([1, 2, 3, 4]) as x)
    """
    assert answer(sql) == [(2.5, 2)]
