"""Reach the order-management database: PostgreSQL on a laptop, Cloud SQL for PostgreSQL in the cloud."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from pbm360.settings import Settings, SettingsError, sql_folder

LOGIN_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"


def connect(settings: Settings) -> psycopg.Connection:
    """Open a connection; its transaction commits where the block ends and rolls back where it raises."""
    if not settings.oms_dsn:
        raise SettingsError("no order-management database is known; run `pbm360 up` (or set PBM360_OMS_DSN)")
    login = iam_login(settings.oms_dsn) if settings.target == "gcp" else {}
    return psycopg.connect(settings.oms_dsn, **login, row_factory=dict_row)


def iam_login(dsn: str) -> dict[str, str]:
    """Return user and password for Cloud SQL's log-in by IAM: the process's own account and a token of an hour.

    Nothing where the address holds a password, which then counts. Cloud SQL names an account's user without
    `.gserviceaccount.com`.
    """
    given = conninfo_to_dict(dsn)
    if "password" in given:
        return {}
    import google.auth
    from google.auth.transport.requests import Request

    credentials, _ = google.auth.default(scopes=[LOGIN_SCOPE])
    credentials.refresh(Request())
    account = getattr(credentials, "service_account_email", "")
    return {
        "user": given.get("user") or account.removesuffix(".gserviceaccount.com"),
        "password": credentials.token,
    }


def migrate(settings: Settings) -> list[str]:
    """Apply the migrations (`sql/oms/NNN_name.sql`) that the database lacks, in order, all or none; returns them."""
    with connect(settings) as connection:
        connection.execute(statement("lock_migrations"))
        connection.execute(statement("create_migrations_table"))
        applied = {row["name"] for row in connection.execute(statement("applied_migrations"))}
        missing = [path for path in sorted((sql_folder() / "oms").glob("[0-9]*.sql")) if path.stem not in applied]
        for path in missing:
            connection.execute(path.read_text())
            connection.execute(statement("note_migration"), {"name": path.stem})
    return [path.stem for path in missing]


def statement(name: str) -> str:
    """Return the text of `sql/oms/<name>.sql`."""
    return (sql_folder() / "oms" / f"{name}.sql").read_text()
