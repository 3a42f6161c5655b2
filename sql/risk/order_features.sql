-- What a forecast may know of each open order at an instant.
-- Grain: one row per instant and order that is open then.
-- Sources: the relation `known_orders`, bound by what includes this file: the columns of
-- pbm_serving.order_lifecycle and as_of, the instant by which those were known; pbm_gold.dim_stages.
-- due_at is the order's SLA: by then it leaves the pharmacy, if each stage that lies before the dock
-- on its way takes no longer than allowed (a first fill's way has a prior authorization, since three
-- in four need one; a refill begins at CLINICAL, a reship at FILL; holds, denials and appeals add
-- nothing). The queue is what waits in the same stage of the same pharmacy since earlier.

with
    timed_orders as (
        select
            as_of,
            order_id,
            reported_order_id,
            patient_key,
            drug_ndc,
            coalesce(pharmacy_id, '') as pharmacy_id,
            coalesce(carrier, '') as carrier,
            coalesce(priority, 'routine') as priority,
            case
                when is_reship then 'reship'
                when fill_number > 1 then 'refill'
                else 'first_fill'
            end as kind,
            case
                when benefits_completed_at is not null then 'cleared'
                when prior_authorization_decided_at is not null then 'decided'
                when prior_authorization_submitted_at is not null then 'asked'
                else 'begun'
            end as path,
            coalesce(stage, 'RECEIVED') as stage,
            coalesce(stage_entered_at, first_event_at) as stage_entered_at,
            coalesce(received_at, first_event_at) as received_at,
            shipped_at,
            promised_at,
            delivery_attempt_count,
            status
        from known_orders
    ),
    allowed_minutes as (
        select
            kinds.kind,
            cast(sum(stages.sla_hours) * 60 as int64) as minutes
        from (
            select 'first_fill' as kind, 10 as first_stage_order
            union all
            select 'refill' as kind, 60 as first_stage_order
            union all
            select 'reship' as kind, 80 as first_stage_order
        ) as kinds
        cross join pbm_gold.dim_stages as stages
        where
            stages.stage not in ('INFO_HOLD', 'PA_DENIED', 'APPEAL')
            and stages.stage_order < 120
            and (stages.stage = 'RECEIVED' or stages.stage_order >= kinds.first_stage_order)
        group by kinds.kind
    ),
    throughputs as (
        select as_of, pharmacy_id, count(*) as shipped_week_count
        from timed_orders
        where shipped_at > timestamp_sub(as_of, interval 7 day)
        group by as_of, pharmacy_id
    )
select
    timed_orders.as_of,
    timed_orders.order_id,
    timed_orders.reported_order_id,
    timed_orders.patient_key,
    timed_orders.drug_ndc,
    timed_orders.pharmacy_id,
    timed_orders.carrier,
    timed_orders.priority,
    timed_orders.kind,
    timed_orders.path,
    timed_orders.stage,
    coalesce(stages.stage_order, 10) as stage_order,
    stages.sla_hours as stage_sla_hours,
    timed_orders.stage_entered_at,
    timed_orders.received_at,
    timestamp_add(
        timed_orders.received_at, interval allowed_minutes.minutes minute
    ) as due_at,
    timed_orders.shipped_at,
    timed_orders.promised_at,
    timed_orders.delivery_attempt_count,
    row_number() over (
        partition by timed_orders.as_of, timed_orders.pharmacy_id, timed_orders.stage
        order by timed_orders.stage_entered_at, timed_orders.order_id
    ) - 1 as ahead_count,
    coalesce(throughputs.shipped_week_count, 0) as shipped_week_count
from timed_orders
left join allowed_minutes on allowed_minutes.kind = timed_orders.kind
left join pbm_gold.dim_stages as stages on stages.stage = timed_orders.stage
left join throughputs
    on throughputs.as_of = timed_orders.as_of
    and throughputs.pharmacy_id = timed_orders.pharmacy_id
where timed_orders.status = 'open';
