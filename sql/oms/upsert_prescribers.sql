-- Add or change one of the prescribers. PostgreSQL.
-- Grain: one row.

insert into prescribers (prescriber_id, full_name, specialty, zip_code)
values (%(prescriber_id)s, %(full_name)s, %(specialty)s, %(zip_code)s)
on conflict (prescriber_id) do update set
    full_name = excluded.full_name,
    specialty = excluded.specialty,
    zip_code = excluded.zip_code;
