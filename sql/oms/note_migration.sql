-- Note that a migration was applied. PostgreSQL.
-- Grain: one row.

insert into schema_migrations (name) values (%(name)s);
