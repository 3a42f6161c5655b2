"""Changes of rows: insert, update, delete and merge."""

import pytest
from google.api_core.exceptions import BadRequest


@pytest.fixture
def orders(answer, dataset):
    answer(f"""
        create table {dataset}.orders (order_id string, quantity int64, day date);
        insert into {dataset}.orders (order_id, quantity, day)
        select 'A', 1, date '2026-11-20' union all select 'B', 2, date '2026-11-21' union all select 'C', 3, null;
    """)
    return f"{dataset}.orders"


@pytest.fixture
def rows(answer, orders):
    return lambda: answer(f"select order_id, quantity from {orders} order by order_id")


def test_insert_names_its_columns(answer, orders, rows):
    answer(f"insert into {orders} (quantity, order_id) select 9, 'D'")
    assert rows()[-1] == ("D", 9)


DELETES = [
    "exists (select 1 from unnest(['A', 'B']) as gone where gone = target.order_id)",
    "order_id in (select id from unnest(['A', 'B']) as id)",
    "(order_id, quantity) in (select (id, n) from unnest([struct('A' as id, 1 as n), struct('B', 2)]))",
    "struct(order_id, quantity) in (select struct(id, n) from unnest([struct('A' as id, 1 as n), struct('B', 2)]))",
    "day in unnest([date '2026-11-20', date '2026-11-21'])",
    "day between '2026-11-20' and '2026-11-21'",
]


@pytest.mark.parametrize("predicate", DELETES)
def test_delete_by(answer, orders, rows, predicate):
    answer(f"delete from {orders} as target where {predicate}")
    assert rows() == [("C", 3)]


def test_changes_tell_how_many_rows(client, orders):
    job = client.query(f"update {orders} set quantity = quantity + 1 where quantity > 1")
    job.result()
    assert job.num_dml_affected_rows == 2


def test_merge_updates_inserts_and_deletes(answer, orders, rows):
    answer(f"""
        merge into {orders} as target
        using (select 'A' as order_id, 10 as quantity union all select 'D', 4) as source
        on target.order_id = source.order_id
        when matched then update set quantity = source.quantity
        when not matched then insert (order_id, quantity) values (source.order_id, source.quantity)
        when not matched by source and target.order_id = 'C' then delete
    """)
    assert rows() == [("A", 10), ("B", 2), ("D", 4)]


@pytest.mark.parametrize("sql", ["delete from {table}", "update {table} set quantity = 1"])
def test_a_change_of_all_rows_must_say_so(answer, orders, sql):
    with pytest.raises(BadRequest, match="WHERE"):
        answer(sql.format(table=orders))


def test_a_failing_insert_leaves_nothing(answer, orders, rows):
    with pytest.raises(BadRequest):
        answer(f"insert into {orders} (order_id, quantity) select 'X', div(1, n) from unnest([1, 0]) as n")
    assert len(rows()) == 3
