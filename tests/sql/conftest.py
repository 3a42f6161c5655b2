"""Google's implementation, started once for the folder, and the catalog that it reads from `sql/`."""

from __future__ import annotations

import pytest

from tests.sql.catalog import Catalog, read_catalog
from tests.sql.googlesql import GoogleSql


@pytest.fixture(scope="session")
def google() -> GoogleSql:
    """Google's analyzer and reference evaluator."""
    return GoogleSql()


@pytest.fixture(scope="session")
def catalog(google) -> Catalog:
    """Everything that the statements of `sql/` create."""
    return read_catalog(google)
