-- How much of what could be known is known: the orders that have a thing, of those that should.
-- Grain: one row per measure.
-- Messages are counted without second copies; a step leads from one stage to the next, so that an
-- order's first stage is none.
-- Sources: pbm_gold.fact_order_lifecycle, fact_stage_visits, pbm_silver.rejected_events,
-- stg_order_events.

with
    orders as (
        select
            count(*) as order_count,
            countif(received_at is not null) as with_referral_count,
            countif(patient_key is not null) as with_patient_count,
            countif(shipped_at is not null) as shipped_count,
            countif(shipped_at is not null and packed_at is not null) as with_packing_count,
            countif(delivered_at is not null) as delivered_count,
            countif(delivered_at is not null and promised_at is not null) as with_promise_count,
            countif(not has_clock_skew) as without_skew_count
        from pbm_gold.fact_order_lifecycle
    ),
    messages as (
        select
            (select count(*) from pbm_silver.stg_order_events) as accepted_count,
            (
                select countif(reason_code != 'duplicate')
                from pbm_silver.rejected_events
            ) as refused_count
    ),
    steps as (
        select count(*) as step_count, countif(is_allowed) as allowed_count
        from pbm_gold.fact_stage_visits
        where previous_stage is not null
    )
select 1 as place, 'messages that were accepted' as measure, accepted_count as have_count,
    accepted_count + refused_count as should_count
from messages
union all
select 2, 'orders with their referral', with_referral_count, order_count
from orders
union all
select 3, 'orders with a patient (pseudonym)', with_patient_count, order_count
from orders
union all
select 4, 'shipped orders with a packing scan', with_packing_count, shipped_count
from orders
union all
select 5, 'delivered orders with a promise', with_promise_count, delivered_count
from orders
union all
select 6, 'orders with no negative duration', without_skew_count, order_count
from orders
union all
select 7, 'steps that the process allows', allowed_count, step_count
from steps
order by place;
