-- Add or change one of the patients. PostgreSQL.
-- Grain: one row.

insert into patients (patient_id, full_name, birth_date, phone, email, street, zip_code, therapy)
values (
    %(patient_id)s,
    %(full_name)s,
    %(birth_date)s,
    %(phone)s,
    %(email)s,
    %(street)s,
    %(zip_code)s,
    %(therapy)s
)
on conflict (patient_id) do update set
    full_name = excluded.full_name,
    birth_date = excluded.birth_date,
    phone = excluded.phone,
    email = excluded.email,
    street = excluded.street,
    zip_code = excluded.zip_code,
    therapy = excluded.therapy;
