-- Add or change one of the pharmacies. PostgreSQL.
-- Grain: one row.

insert into pharmacies (pharmacy_id, name, time_zone, opens_at, closes_at, open_days)
values (%(pharmacy_id)s, %(name)s, %(time_zone)s, %(opens_at)s, %(closes_at)s, %(open_days)s)
on conflict (pharmacy_id) do update set
    name = excluded.name,
    time_zone = excluded.time_zone,
    opens_at = excluded.opens_at,
    closes_at = excluded.closes_at,
    open_days = excluded.open_days;
