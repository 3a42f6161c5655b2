"""Queries have much memory while they come, appended rows alone have little."""

import duckdb
import pytest

from pbm360.local.bigquery import room
from pbm360.local.bigquery.room import FOR_APPENDS, FOR_QUERIES, Room


@pytest.fixture
def database():
    with duckdb.connect() as connection:
        yield connection


def limits(connection) -> tuple[str, ...]:
    return connection.execute(
        "select current_setting('memory_limit'), current_setting('checkpoint_threshold'),"
        " current_setting('allocator_background_threads')"
    ).fetchone()


def as_told(settings: dict[str, str]) -> tuple[str, ...]:
    with duckdb.connect() as other:
        for name, value in settings.items():
            other.execute(f"set global {name} = '{value}'")
        return limits(other)


def test_appended_rows_alone_have_little_and_the_next_query_has_much_again(database, monkeypatch):
    of_queries, of_appends = as_told(FOR_QUERIES), as_told(FOR_APPENDS)
    assert of_queries != of_appends
    given = Room(database)
    given.after_append()
    assert limits(database) == of_queries, "a query may have been there a moment ago"
    monkeypatch.setattr(room, "QUIET_SECONDS", 0.0)
    with given.for_query():
        given.after_append()
        assert limits(database) == of_queries, "an append takes a running query's memory away"
    given.after_append()
    assert limits(database) == of_appends
    with given.for_query():
        assert limits(database) == of_queries


def test_a_stream_without_readers_gives_memory_back_each_minute_and_a_queried_one_keeps_it(database, monkeypatch):
    times: list[str] = []
    monkeypatch.setattr(room, "give_back", lambda: times.append("given back"))
    given = Room(database)
    monkeypatch.setattr(room, "GIVE_BACK_SECONDS", 0.0)
    given.after_append()
    assert times == [], "a query may have been there a moment ago"
    monkeypatch.setattr(room, "QUIET_SECONDS", 0.0)
    given.after_append()
    given.after_append()
    assert len(times) == 2
    monkeypatch.setattr(room, "GIVE_BACK_SECONDS", 60.0)
    given.after_append()
    assert len(times) == 2


def compressions(connection, table: str) -> set[str]:
    found = connection.execute(
        f"select distinct compression from pragma_storage_info('{table}') where segment_type = 'BIGINT'"
    )
    return {name for (name,) in found.fetchall()}


def test_working_tables_are_written_as_they_are_and_others_small(tmp_path):
    with duckdb.connect(tmp_path / "some.duckdb") as database:
        given = Room(database)
        with given.uncompressed():
            with given.uncompressed():
                pass
            database.execute("create table working as select range as n from range(200000)")
        database.execute("create table kept as select range as n from range(200000)")
        assert compressions(database, "working") == {"Uncompressed"}
        assert "Uncompressed" not in compressions(database, "kept")
