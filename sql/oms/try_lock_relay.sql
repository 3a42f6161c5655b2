-- Become the one relay of this database, unless another is; the lock ends with the connection. PostgreSQL.
-- Grain: one row.

select pg_try_advisory_lock(360361) as is_locked;
