-- Add or change one of the drugs. PostgreSQL.
-- Grain: one row.

insert into drugs (drug_ndc, name, form, strength, temperature_class, therapy)
values (%(drug_ndc)s, %(name)s, %(form)s, %(strength)s, %(temperature_class)s, %(therapy)s)
on conflict (drug_ndc) do update set
    name = excluded.name,
    form = excluded.form,
    strength = excluded.strength,
    temperature_class = excluded.temperature_class,
    therapy = excluded.therapy;
