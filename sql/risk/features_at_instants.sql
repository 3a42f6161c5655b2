-- What was known of each open order at several instants: the same as risk/features_as_of.sql at each
-- of them, without the supplies, in one pass.
-- Grain: one row per instant and order open then.
-- Sources: those of risk/told_events.sql, pbm_gold.dim_pharmacies, pbm_gold.dim_stages.
-- Parameters: instants (UTC), as_of (the last of them). An event counts at an instant where
-- known_at <= that instant. Of most orders the events are numbered once, since the order of those
-- known by an instant is the order of all; unusual ones (risk/unusual_orders.sql) go through the
-- statement of what an order's row is, each instant with copies of their ids (`A17@` and its
-- microseconds). An order that had ended, and shipped, over eight days before an instant is left out
-- of it: it is in no count.

with
    instants as (
        select as_of
        from unnest(@instants) as as_of
    ),
    unusual_orders as (
        -- include risk/unusual_orders.sql
    ),
    corrections as (
        select
            order_id,
            source,
            corrects_id,
            min(known_at) as correction_known_at
        from (
            -- include risk/told_events.sql
        ) as told_events
        where corrects_id is not null
        group by order_id, source, corrects_id
    ),
    endings as (
        select
            told_events.order_id,
            min(
                if(told_events.event_type = 'shipped', null, told_events.known_at)
            ) as ending_known_at,
            max(
                if(told_events.event_type = 'shipped', told_events.event_at, null)
            ) as last_shipped_at
        from (
            -- include risk/told_events.sql
        ) as told_events
        left join corrections
            on corrections.order_id = told_events.order_id
            and corrections.source = told_events.source
            and corrections.corrects_id = told_events.event_id
        where
            told_events.event_type = 'shipped'
            or (
                told_events.stage in ('DELIVERED', 'RETURNED', 'LOST', 'CANCELLED')
                and corrections.corrects_id is null
                and coalesce(told_events.correction_reason, '') != 'did_not_occur'
            )
        group by told_events.order_id
    ),
    settled_orders as (
        select
            order_id,
            greatest(ending_known_at, coalesce(last_shipped_at, ending_known_at)) as settled_at
        from endings
        where ending_known_at is not null
    ),
    numbered_events as (
        select
            told_events.order_id,
            told_events.known_at,
            told_events.event_at,
            told_events.event_type,
            told_events.stage,
            told_events.patient_key,
            told_events.drug_ndc,
            told_events.pharmacy_id,
            told_events.carrier,
            told_events.priority,
            told_events.fill_number,
            told_events.is_reship,
            told_events.promised_at,
            settled_orders.settled_at,
            corrections.correction_known_at,
            row_number() over (
                partition by told_events.order_id
                order by
                    told_events.event_at,
                    told_events.stage_order nulls last,
                    told_events.source,
                    told_events.event_id
            ) as event_number
        from (
            -- include risk/told_events.sql
        ) as told_events
        left join settled_orders on settled_orders.order_id = told_events.order_id
        left join corrections
            on corrections.order_id = told_events.order_id
            and corrections.source = told_events.source
            and corrections.corrects_id = told_events.event_id
        left join unusual_orders on unusual_orders.order_id = told_events.order_id
        where
            unusual_orders.order_id is null
            and coalesce(told_events.correction_reason, '') != 'did_not_occur'
            and (
                settled_orders.settled_at is null
                or settled_orders.settled_at
                >= (select timestamp_sub(min(as_of), interval 8 day) from instants)
            )
    ),
    usual_orders as (
        select
            instants.as_of,
            numbered.order_id,
            any_value(
                numbered.patient_key
                having min if(numbered.patient_key is null, null, numbered.event_number)
            ) as patient_key,
            any_value(
                numbered.drug_ndc having min if(numbered.drug_ndc is null, null, numbered.event_number)
            ) as drug_ndc,
            any_value(
                numbered.pharmacy_id
                having min if(numbered.pharmacy_id is null, null, numbered.event_number)
            ) as pharmacy_id,
            any_value(
                numbered.carrier having max if(numbered.carrier is null, null, numbered.event_number)
            ) as carrier,
            any_value(
                numbered.priority having min if(numbered.priority is null, null, numbered.event_number)
            ) as priority,
            any_value(
                numbered.fill_number
                having min if(numbered.fill_number is null, null, numbered.event_number)
            ) as fill_number,
            any_value(
                numbered.is_reship having min if(numbered.is_reship is null, null, numbered.event_number)
            ) as is_reship,
            any_value(
                numbered.promised_at
                having max if(numbered.promised_at is null, null, numbered.event_number)
            ) as promised_at,
            any_value(
                numbered.stage having max if(numbered.stage is null, null, numbered.event_number)
            ) as stage,
            min(
                if(numbered.event_type = 'referral_received', numbered.event_at, null)
            ) as received_at,
            min(
                if(numbered.event_type = 'benefits_completed', numbered.event_at, null)
            ) as benefits_completed_at,
            min(
                if(numbered.event_type = 'pa_submitted', numbered.event_at, null)
            ) as prior_authorization_submitted_at,
            min(
                if(numbered.event_type in ('pa_approved', 'pa_denied'), numbered.event_at, null)
            ) as prior_authorization_decided_at,
            min(if(numbered.event_type = 'shipped', numbered.event_at, null)) as shipped_at,
            countif(
                numbered.event_type in ('attempt_failed', 'delivered')
            ) as delivery_attempt_count,
            min(numbered.event_at) as first_event_at,
            countif(
                numbered.stage in ('DELIVERED', 'RETURNED', 'LOST', 'CANCELLED')
            ) > 0 as is_ended
        from numbered_events as numbered
        inner join instants
            on numbered.known_at <= instants.as_of
            and (
                numbered.settled_at is null
                or numbered.settled_at >= timestamp_sub(instants.as_of, interval 8 day)
            )
            and (
                numbered.correction_known_at is null
                or numbered.correction_known_at > instants.as_of
            )
        group by instants.as_of, numbered.order_id
    ),
    open_stage_events as (
        select
            usual_orders.as_of,
            usual_orders.order_id,
            numbered.event_number,
            numbered.event_at,
            numbered.stage = usual_orders.stage as is_current_stage
        from usual_orders
        inner join numbered_events as numbered on numbered.order_id = usual_orders.order_id
        where
            not usual_orders.is_ended
            and numbered.stage is not null
            and numbered.known_at <= usual_orders.as_of
            and (
                numbered.correction_known_at is null
                or numbered.correction_known_at > usual_orders.as_of
            )
    ),
    earlier_stages as (
        select as_of, order_id, max(event_number) as last_event_number
        from open_stage_events
        where not is_current_stage
        group by as_of, order_id
    ),
    stage_entries as (
        select
            open_stage_events.as_of,
            open_stage_events.order_id,
            min(open_stage_events.event_at) as stage_entered_at
        from open_stage_events
        left join earlier_stages
            on earlier_stages.as_of = open_stage_events.as_of
            and earlier_stages.order_id = open_stage_events.order_id
        where open_stage_events.event_number > coalesce(earlier_stages.last_event_number, 0)
        group by open_stage_events.as_of, open_stage_events.order_id
    ),
    events as (
        select
            unusual_events.* replace (
                concat(
                    unusual_events.order_id, '@', cast(unix_micros(instants.as_of) as string)
                ) as order_id
            )
        from (
            select told_events.*
            from (
                -- include risk/told_events.sql
            ) as told_events
            inner join unusual_orders on unusual_orders.order_id = told_events.order_id
            where true
            qualify
                row_number() over (
                    partition by told_events.source, told_events.event_id
                    order by
                        told_events.known_at,
                        told_events.message_id,
                        told_events.ingested_at
                ) = 1
        ) as unusual_events
        inner join instants on unusual_events.known_at <= instants.as_of
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
            usual_orders.as_of,
            usual_orders.order_id,
            usual_orders.order_id as reported_order_id,
            usual_orders.patient_key,
            usual_orders.drug_ndc,
            usual_orders.pharmacy_id,
            usual_orders.carrier,
            usual_orders.priority,
            usual_orders.fill_number,
            usual_orders.is_reship,
            usual_orders.benefits_completed_at,
            usual_orders.prior_authorization_submitted_at,
            usual_orders.prior_authorization_decided_at,
            usual_orders.received_at,
            usual_orders.first_event_at,
            usual_orders.shipped_at,
            usual_orders.promised_at,
            usual_orders.delivery_attempt_count,
            usual_orders.stage,
            stage_entries.stage_entered_at,
            if(usual_orders.is_ended, 'ended', 'open') as status
        from usual_orders
        left join stage_entries
            on stage_entries.as_of = usual_orders.as_of
            and stage_entries.order_id = usual_orders.order_id
        union all
        select
            timestamp_micros(
                cast(regexp_extract(reported_order_id, r'@([0-9]+)$') as int64)
            ) as as_of,
            regexp_replace(order_id, r'@[0-9]+(| [(][0-9]+[)])$', r'\1') as order_id,
            regexp_replace(reported_order_id, r'@[0-9]+$', '') as reported_order_id,
            patient_key,
            drug_ndc,
            pharmacy_id,
            carrier,
            priority,
            fill_number,
            is_reship,
            benefits_completed_at,
            prior_authorization_submitted_at,
            prior_authorization_decided_at,
            received_at,
            first_event_at,
            shipped_at,
            promised_at,
            delivery_attempt_count,
            stage,
            stage_entered_at,
            status
        from computed
    ),
    features as (
        -- include risk/order_features.sql
    )
select *
from features;
