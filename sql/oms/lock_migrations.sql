-- Wait until no other command migrates this database; the lock ends with the transaction. PostgreSQL.
-- Grain: one row, without meaning.

select pg_advisory_xact_lock(360360);
