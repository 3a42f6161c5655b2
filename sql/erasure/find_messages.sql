-- The messages that an erasure takes away: the patient's orders' events, their copies, and every
-- message that names the patient or one of the orders, readable or not.
-- Grain: replaces the rows of pbm_vault.erased_messages.
-- Sources: pbm_bronze.raw_orders, pbm_silver, pbm_live, pbm_vault.erased_orders.
-- Parameters: patient_key, patient_pattern (an expression that finds the patient id as a word).

delete from pbm_vault.erased_messages
where true;

insert into pbm_vault.erased_messages (message_id, source, event_id)
with
    known_events as (
        select *
        from pbm_silver.stg_order_events
        union all
        select *
        from pbm_live.order_events
    ),
    whole_orders as (
        select distinct reported_order_id as order_id
        from pbm_vault.erased_orders
        where not is_shared
    ),
    shared_orders as (
        select distinct reported_order_id as order_id
        from pbm_vault.erased_orders
        where is_shared
    ),
    events as (
        select known_events.*
        from known_events
        inner join shared_orders on shared_orders.order_id = known_events.order_id
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
    erased_events as (
        select known_events.source, known_events.event_id
        from known_events
        inner join whole_orders on whole_orders.order_id = known_events.order_id
        union distinct
        select source, event_id
        from known_events
        where patient_key = @patient_key
        union distinct
        select effective_events.source, effective_events.event_id
        from effective_events
        inner join pbm_vault.erased_orders as erased_orders
            on erased_orders.reported_order_id = effective_events.reported_order_id
            and erased_orders.order_id = effective_events.order_id
        where erased_orders.is_erased
    ),
    copies as (
        select known_events.message_id, known_events.source, known_events.event_id
        from known_events
        inner join erased_events
            on erased_events.source = known_events.source
            and erased_events.event_id = known_events.event_id
        union distinct
        select rejected.message_id, erased_events.source, erased_events.event_id
        from pbm_silver.rejected_events as rejected
        inner join erased_events
            on concat(erased_events.source, '/', erased_events.event_id) = rejected.detail
        where rejected.reason_code = 'duplicate'
    ),
    other_texts as (
        select
            raw_orders.message_id,
            concat(
                coalesce(raw_orders.attributes, ''),
                ' ',
                coalesce(safe_convert_bytes_to_string(raw_orders.payload), '')
            ) as message_text
        from pbm_bronze.raw_orders as raw_orders
        left join pbm_silver.stg_order_events as accepted
            on accepted.message_id = raw_orders.message_id
        left join copies on copies.message_id = raw_orders.message_id
        where
            raw_orders.known_date >= date '1970-01-01'
            and accepted.message_id is null
            and copies.message_id is null
    ),
    named as (
        select message_id
        from other_texts
        where regexp_contains(message_text, @patient_pattern)
        union distinct
        select other_texts.message_id
        from other_texts
        inner join whole_orders
            on strpos(other_texts.message_text, concat('"', whole_orders.order_id, '"')) > 0
    )
select message_id, source, event_id
from copies
union all
select message_id, cast(null as string) as source, cast(null as string) as event_id
from named;
