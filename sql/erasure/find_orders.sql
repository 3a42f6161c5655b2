-- The orders that name the patient whom an erasure takes away.
-- Grain: replaces the rows of pbm_vault.erased_orders.
-- Sources: pbm_silver, pbm_live, pbm_bronze.oms_orders. Parameters: patient_id, patient_key.
-- An order is the patient's where every event of it that names a patient names this one.

delete from pbm_vault.erased_orders
where true;

insert into pbm_vault.erased_orders (reported_order_id, order_id, is_erased, is_shared)
with
    known_events as (
        select *
        from pbm_silver.stg_order_events
        union all
        select *
        from pbm_live.order_events
    ),
    named_orders as (
        select order_id
        from known_events
        where patient_key = @patient_key
        union distinct
        select order_id
        from pbm_bronze.oms_orders
        where patient_id = @patient_id
    ),
    events as (
        select known_events.*
        from known_events
        inner join named_orders on named_orders.order_id = known_events.order_id
        where true
        qualify
            row_number() over (
                partition by known_events.source, known_events.event_id
                order by known_events.known_at, known_events.message_id, known_events.ingested_at
            ) = 1
    ),
    effective_events as (
        -- include lifecycle/effective_events.sql
    ),
    orders as (
        select
            reported_order_id,
            order_id,
            not logical_or(coalesce(patient_key, @patient_key) != @patient_key) as is_erased
        from effective_events
        group by reported_order_id, order_id
    )
select
    named_orders.order_id as reported_order_id,
    coalesce(orders.order_id, named_orders.order_id) as order_id,
    coalesce(orders.is_erased, true) as is_erased,
    logical_or(not coalesce(orders.is_erased, true)) over (
        partition by named_orders.order_id
    ) as is_shared
from named_orders
left join orders on orders.reported_order_id = named_orders.order_id;
