-- Which migrations this database has. PostgreSQL.
-- Grain: one row per migration applied.

select name from schema_migrations order by name;
