"""Scripts: variables, temporary tables and transactions."""

from datetime import date

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud.bigquery import ScalarQueryParameter


@pytest.fixture
def orders(answer, dataset):
    answer(f"create table {dataset}.orders (order_id string, quantity int64, day date)")
    rows = "('A', 1, date '2026-11-20'), ('B', 2, date '2026-11-21')"
    answer(f"insert into {dataset}.orders (order_id, quantity, day) values {rows}")
    return f"{dataset}.orders"


@pytest.fixture
def rows(answer, orders):
    return lambda: answer(f"select order_id, quantity from {orders} order by order_id")


PUBLISH = """
declare dates array<date>;
declare total, smallest int64;
declare touched array<string> default (select array_agg(order_id order by order_id) from {table} where day = @day);
create temp table staged as select 'A' as order_id, 7 as quantity, @day as day;
set dates = (select array_agg(distinct day) from staged);
set (total, smallest) = (select as struct count(*), min(quantity) from staged);
begin transaction;
delete from {table} where day in unnest(dates) and order_id in (select order_id from staged);
insert into {table} (order_id, quantity, day) select order_id, quantity, day from staged;
commit transaction;
select total, smallest, dates, touched;
"""


def test_a_script_publishes_by_temporary_tables_and_variables(answer, orders, rows):
    day = ScalarQueryParameter("day", "DATE", date(2026, 11, 20))
    assert answer(PUBLISH.format(table=orders), day) == [(1, 7, [date(2026, 11, 20)], ["A"])]
    assert rows() == [("A", 7), ("B", 2)]
    with pytest.raises(NotFound):
        answer("select * from staged")


FAILURES = [
    "begin transaction; delete from {table} where true; select 1 / 0; commit transaction;",
    "begin transaction; delete from {table} where true; select error('gate'); commit transaction;",
    "begin transaction; delete from {table} where true; insert into {table} (no_such) values (1); commit transaction;",
    "begin transaction; delete from {table} where true; if true then raise using message = 'gate'; end if; commit;",
    "begin transaction; delete from {table} where true; begin transaction; commit transaction;",
    "begin transaction; delete from {table} where true; create table {table}_new (n int64); commit transaction;",
    "commit transaction;",
    "rollback transaction;",
]


@pytest.mark.parametrize("script", FAILURES)
def test_a_script_that_fails_midway_publishes_nothing(answer, orders, rows, script):
    with pytest.raises(BadRequest):
        answer(script.format(table=orders))
    assert rows() == [("A", 1), ("B", 2)]
    answer(f"insert into {orders} (order_id) values ('C')")  # and the next writer is not held up


def test_a_transaction_that_is_not_committed_is_undone(answer, orders, rows):
    answer(f"begin transaction; delete from {orders} where true;")
    assert rows() == [("A", 1), ("B", 2)]


def test_an_exception_handler_can_roll_back(answer, orders, rows):
    script = f"""
        begin
            begin transaction;
            delete from {orders} where true;
            select error('gate failed');
            commit transaction;
        exception when error then
            rollback transaction;
            select @@error.message as message;
        end;
    """
    ((message,),) = answer(script)
    assert "gate failed" in message
    assert rows() == [("A", 1), ("B", 2)]


def test_a_rolled_back_transaction_leaves_nothing(answer, orders, rows):
    answer(f"begin transaction; delete from {orders} where true; rollback transaction;")
    assert rows() == [("A", 1), ("B", 2)]


def test_a_transaction_sees_its_own_changes(answer, orders):
    script = f"""
        declare left_over int64;
        begin transaction;
        delete from {orders} where order_id = 'A';
        set left_over = (select count(*) from {orders});
        commit transaction;
        select left_over;
    """
    assert answer(script) == [(1,)]


def test_statements_before_a_failure_outside_a_transaction_stay(answer, orders, rows):
    with pytest.raises(BadRequest):
        answer(f"insert into {orders} (order_id) values ('C'); select 1 / 0;")
    assert rows()[-1] == ("C", None)


def test_control_flow(answer):
    script = """
        declare i int64 default 0;
        declare label string;
        while i < 3 do set i = i + 1; end while;
        if i = 3 then set label = 'three'; else set label = 'other'; end if;
        for row in (select x from unnest([1, 2]) as x order by x) do set i = i + row.x; end for;
        select i, label;
    """
    assert answer(script) == [(6, "three")]


def test_variables_keep_their_types(answer):
    script = """
        declare cost numeric default 1.5;
        declare at timestamp default '2026-11-20 10:00:00+00';
        declare days array<date> default [];
        declare nothing string;
        select cast(cost / 3 as numeric), format_timestamp('%F', at), array_length(days), nothing;
    """
    assert answer(script)[0][1:] == ("2026-11-20", 0, None)


def test_a_variable_named_like_a_column_is_refused(answer, orders):
    with pytest.raises(BadRequest, match="rename the variable"):
        answer(f"declare quantity int64 default 5; select order_id from {orders} where quantity = quantity;")


def test_temporary_functions(answer):
    assert answer("create temp function twice(x int64) as (x * 2); select twice(21);") == [(42,)]
