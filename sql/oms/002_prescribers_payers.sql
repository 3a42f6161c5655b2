-- Who prescribes and who pays; both are known of an order once intake and benefits have found them. PostgreSQL.
-- Grain: one row per entity.

create table prescribers (
    prescriber_id text primary key,
    full_name text not null,
    specialty text,
    zip_code text
);

create table payers (
    payer_id text primary key,
    name text not null,
    plan_type text
);

alter table orders
    add column prescriber_id text references prescribers,
    add column payer_id text references payers;
