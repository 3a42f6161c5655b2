-- Keep which migrations this database has. PostgreSQL.
-- Grain: one row per migration applied.

create table if not exists schema_migrations (
    name text primary key,
    applied_at timestamptz not null default now()
);
