-- Add or change one of the payers. PostgreSQL.
-- Grain: one row.

insert into payers (payer_id, name, plan_type)
values (%(payer_id)s, %(name)s, %(plan_type)s)
on conflict (payer_id) do update set
    name = excluded.name,
    plan_type = excluded.plan_type;
