-- What was known of each open order at several instants: the same as risk/features_as_of.sql at each
-- of them, without the supplies, in one pass.
-- Grain: one row per instant and order open then.
-- Sources: pbm_silver.stg_order_events, pbm_live.order_events, pbm_ops.tombstones.
-- Parameter: instants (UTC). An event counts at an instant where known_at <= that instant. The events
-- of an instant are bound as those of orders of its own (`A17@` and its microseconds), so that the one statement of what an order's row is says it of all instants. Orders that were known
-- to have ended over eight days before an instant are left out: they are in no count of it.

with
    known_events as (
        select *
        from pbm_silver.stg_order_events
        union all
        select *
        from pbm_live.order_events
    ),
    erased as (
        select kind, value
        from pbm_ops.tombstones
    ),
    distinct_events as (
        select
            event_id,
            source,
            event_type,
            event_at,
            order_id,
            stage,
            stage_order,
            known_at,
            patient_key,
            pharmacy_id,
            drug_ndc,
            carrier,
            priority,
            is_reship,
            reason,
            previous_order_id,
            days_supply,
            fill_number,
            decision,
            items_expected,
            items_packed,
            is_documents_complete,
            pack_type,
            temperature_class,
            condition,
            promised_at,
            minutes_outside,
            corrects_id,
            correction_reason
        from known_events
        where
            order_id not in (select value from erased where kind = 'order_id')
            and coalesce(patient_key, '') not in (
                select value from erased where kind = 'patient_key'
            )
            and concat(source, '/', event_id) not in (
                select value from erased where kind = 'event'
            )
        qualify
            row_number() over (
                partition by source, event_id order by known_at, message_id, ingested_at
            ) = 1
    ),
    endings as (
        select order_id, min(known_at) as ending_known_at
        from distinct_events
        where stage in ('DELIVERED', 'RETURNED', 'LOST', 'CANCELLED')
        group by order_id
    ),
    instants as (
        select as_of
        from unnest(@instants) as as_of
    ),
    events as (
        select
            distinct_events.* replace (
                concat(
                    distinct_events.order_id, '@', cast(unix_micros(instants.as_of) as string)
                ) as order_id
            )
        from distinct_events
        left join endings on endings.order_id = distinct_events.order_id
        inner join instants
            on distinct_events.known_at <= instants.as_of
            and (
                endings.ending_known_at is null
                or endings.ending_known_at >= timestamp_sub(instants.as_of, interval 8 day)
            )
    ),
    pharmacies as (
        select *
        from pbm_gold.dim_pharmacies
    ),
    computed as (
        -- include lifecycle/order_lifecycle.sql
    ),
    known_orders as (
        select
            computed.* replace (
                regexp_replace(computed.order_id, r'@[0-9]+(| [(][0-9]+[)])$', r'\1') as order_id,
                regexp_replace(computed.reported_order_id, r'@[0-9]+$', '') as reported_order_id
            ),
            timestamp_micros(
                cast(regexp_extract(computed.reported_order_id, r'@([0-9]+)$') as int64)
            ) as as_of
        from computed
    ),
    features as (
        -- include risk/order_features.sql
    )
select *
from features;
