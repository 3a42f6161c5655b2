-- The open orders of a past moment: as they were shown then, and as it is known now that they were.
-- Grain: one row per order that was open then in either picture.
-- Sources: pbm_serving.order_lifecycle_as_of, pbm_silver.stg_order_events, pbm_live.order_events by
-- lifecycle/known_events.sql, pbm_gold.dim_stages, dim_pharmacies, dim_drugs.
-- Parameters: moment (UTC), at_risk_share. Shown then: events known by then. Known now: events that
-- happened by then, whenever they became known.

with
    copies as (
        -- include lifecycle/copies.sql
    ),
    known_events as (
        -- include lifecycle/known_events.sql
    ),
    events as (
        select *
        from known_events
        where event_at <= @moment
    ),
    pharmacies as (
        select *
        from pbm_gold.dim_pharmacies
    ),
    known_now as (
        -- include lifecycle/order_lifecycle.sql
    ),
    pictures as (
        select
            order_id,
            'then' as picture,
            pharmacy_id,
            carrier,
            drug_ndc,
            priority,
            stage,
            stage_entered_at,
            sla_due_at
        from pbm_serving.order_lifecycle_as_of(@moment)
        where status = 'open'
        union all
        select
            order_id,
            'now' as picture,
            pharmacy_id,
            carrier,
            drug_ndc,
            priority,
            stage,
            stage_entered_at,
            sla_due_at
        from known_now
        where status = 'open'
    ),
    judged_pictures as (
        select
            pictures.*,
            coalesce(stages.label, 'No stage yet') as stage_label,
            case
                when pictures.sla_due_at is null then 'untimed'
                when @moment > pictures.sla_due_at then 'breached'
                when
                    timestamp_diff(@moment, pictures.stage_entered_at, microsecond)
                    > @at_risk_share
                    * timestamp_diff(pictures.sla_due_at, pictures.stage_entered_at, microsecond)
                    then 'at_risk'
                else 'on_track'
            end as risk
        from pictures
        left join pbm_gold.dim_stages as stages on stages.stage = pictures.stage
    ),
    paired as (
        select
            order_id,
            max(if(picture = 'now', pharmacy_id, null)) as pharmacy_id_now,
            max(pharmacy_id) as any_pharmacy_id,
            max(carrier) as carrier,
            max(drug_ndc) as drug_ndc,
            max(priority) as priority,
            max(if(picture = 'then', stage_label, null)) as stage_label_then,
            max(if(picture = 'then', risk, null)) as risk_then,
            max(if(picture = 'now', stage_label, null)) as stage_label_now,
            max(if(picture = 'now', risk, null)) as risk_now
        from judged_pictures
        group by order_id
    )
select
    paired.order_id,
    coalesce(paired.pharmacy_id_now, paired.any_pharmacy_id) as pharmacy_id,
    coalesce(pharmacy_names.name, paired.pharmacy_id_now, paired.any_pharmacy_id) as pharmacy,
    paired.carrier,
    coalesce(drugs.name, paired.drug_ndc) as drug,
    drugs.therapy,
    paired.priority,
    paired.stage_label_then,
    paired.risk_then,
    paired.stage_label_now,
    paired.risk_now
from paired
left join pbm_gold.dim_pharmacies as pharmacy_names
    on pharmacy_names.pharmacy_id = coalesce(paired.pharmacy_id_now, paired.any_pharmacy_id)
    and pharmacy_names.is_latest
left join pbm_gold.dim_drugs as drugs
    on drugs.drug_ndc = paired.drug_ndc and drugs.is_latest
order by paired.order_id;
