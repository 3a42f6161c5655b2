-- The order-management database: who orders what, where. PostgreSQL.
-- Grain: one row per entity.

create table patients (
    patient_id text primary key,
    full_name text not null,
    birth_date date not null,
    phone text,
    email text,
    street text,
    zip_code text not null,
    therapy text
);

create table pharmacies (
    pharmacy_id text primary key,
    name text not null,
    time_zone text not null,
    opens_at text not null,
    closes_at text not null,
    open_days text not null check (open_days ~ '^[01]{7}$')
);

create table drugs (
    drug_ndc text primary key check (drug_ndc ~ '^[0-9]{11}$'),
    name text not null,
    form text,
    strength text,
    temperature_class text,
    therapy text
);

create table orders (
    order_id text primary key,
    patient_id text not null references patients,
    pharmacy_id text not null references pharmacies,
    drug_ndc text not null references drugs,
    created_at timestamptz not null,
    priority text,
    quantity numeric,
    days_supply integer
);

create index orders_by_patient on orders (patient_id);
