-- Wait until no other command migrates this database; the lock ends with the transaction.
-- Grain: one row, without meaning. PostgreSQL.

select pg_advisory_xact_lock(360360);
