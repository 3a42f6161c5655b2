"""Google's implementation, started once for the folder, and the catalog that it reads from `sql/`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pbm360.medallion import load_rules
from tests.sql.catalog import Catalog, read_catalog
from tests.sql.googlesql import GoogleSql
from tests.sql.reference_warehouse import ReferenceWarehouse


@pytest.fixture(scope="session")
def google() -> GoogleSql:
    """Google's analyzer and reference evaluator."""
    return GoogleSql()


@pytest.fixture(scope="session")
def catalog(google) -> Catalog:
    """Everything that the statements of `sql/` create."""
    return read_catalog(google)


@pytest.fixture(scope="session")
def make_reference(google, catalog, settings) -> Callable[[], ReferenceWarehouse]:
    """Make a warehouse in Google's evaluator, with the domain's rules and nothing else in it."""

    def make() -> ReferenceWarehouse:
        warehouse = ReferenceWarehouse(google, catalog, settings)
        load_rules(warehouse)
        return warehouse

    return make


@pytest.fixture(scope="module")
def reference(make_reference) -> ReferenceWarehouse:
    """A warehouse in Google's evaluator for the tests of one module."""
    return make_reference()
