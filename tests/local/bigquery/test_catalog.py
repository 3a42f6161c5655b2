"""What the server keeps in memory has a bound."""

import pyarrow as pa

from pbm360.local.bigquery import catalog, storage_api


def test_the_oldest_results_are_forgotten_beyond_a_number(monkeypatch):
    monkeypatch.setattr(catalog, "RESULTS_KEPT", 2)
    schemas = {"a": [], "b": [], "c": []}
    results = catalog.RecentResults(schemas)
    for job in "abc":
        results[job] = pa.table({"n": [1]})
    assert list(results) == ["b", "c"]
    assert list(schemas) == ["b", "c"]


def test_results_are_forgotten_beyond_a_size_but_never_the_newest(monkeypatch):
    monkeypatch.setattr(catalog, "RESULT_BYTES_KEPT", 100)
    results = catalog.RecentResults({})
    results["small"] = pa.table({"n": [1]})
    results["large"] = pa.table({"n": list(range(100))})
    assert list(results) == ["large"]
    assert results.pop("large").num_rows == 100
    assert results.pop("large", "none") == "none"
    results["small"] = results["again"] = pa.table({"n": [1]})
    assert list(results) == ["small", "again"]


def test_the_oldest_read_sessions_are_forgotten(monkeypatch):
    monkeypatch.setattr(storage_api, "SESSIONS_KEPT", 1)
    sessions = storage_api.RecentSessions()
    sessions["first"], sessions["second"] = "x", "y"
    assert dict(sessions) == {"second": "y"}
