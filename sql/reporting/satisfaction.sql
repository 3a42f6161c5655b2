-- What patients said, week by week, of all orders and by what happened to the order.
-- Grain: one row per week (of delivery) and cohort of one kind: all, outcome, carrier, pharmacy.
-- Sources: pbm_gold.fact_order_lifecycle, fact_patient_feedback, dim_pharmacies.
-- Numbers are null where 1 to 10 surveys are behind them or 1 to 10 orders were delivered, and where a
-- week has one such cohort of a kind alone, for the next smallest (privacy/suppressed_cells.sql).
-- NPS: share of 9-10 minus share of 0-6. CSAT: share of 4-5 of 1 to 5.

create or replace view pbm_reporting.satisfaction (
    week_date options (description = 'Monday of the ISO week in which the order was delivered, UTC'),
    cohort_kind options (description = 'all, outcome, carrier or pharmacy'),
    cohort options (description = 'Cohort within the kind'),
    delivered_count options (description = 'Delivered orders; null: suppressed'),
    survey_count options (description = 'Surveys answered; null: suppressed'),
    response_rate options (description = 'Surveys per delivered order, share; null: suppressed'),
    nps options (description = 'Net promoter score, -100 to 100; null: suppressed or none'),
    csat_share options (description = 'Satisfied of those who rated, share; null: suppressed'),
    promoter_count options (description = 'Surveys with 9 or 10; null: suppressed'),
    detractor_count options (description = 'Surveys with 0 to 6; null: suppressed'),
    csat_count options (description = 'Surveys with a CSAT rating; null: suppressed'),
    satisfied_count options (description = 'Surveys with CSAT 4 or 5; null: suppressed'),
    is_suppressed options (description = 'True where the numbers are suppressed')
)
options (description = 'One row per week and cohort: NPS, CSAT, response; small cells suppressed')
as
with
    delivered_orders as (
        select
            orders.order_id,
            date_trunc(date(orders.delivered_at), isoweek) as week_date,
            orders.carrier,
            coalesce(pharmacies.name, orders.pharmacy_id) as pharmacy,
            case
                when orders.is_undamaged = false or orders.is_complete = false
                    then 'damaged or incomplete'
                when orders.is_in_temperature = false then 'temperature excursion'
                when orders.is_on_time = false then 'late'
                when orders.delivery_attempt_count > 1 then 'second attempt'
                when orders.is_on_time then 'as promised'
                else 'no promise'
            end as outcome
        from pbm_gold.fact_order_lifecycle as orders
        left join pbm_gold.dim_pharmacies as pharmacies
            on pharmacies.pharmacy_id = orders.pharmacy_id and pharmacies.is_latest
        where orders.status = 'delivered' and orders.delivered_at is not null
    ),
    placed_orders as (
        select order_id, week_date, 'all' as cohort_kind, 'all orders' as cohort
        from delivered_orders
        union all
        select order_id, week_date, 'outcome' as cohort_kind, outcome as cohort
        from delivered_orders
        union all
        select order_id, week_date, 'carrier' as cohort_kind, carrier as cohort
        from delivered_orders
        where carrier is not null
        union all
        select order_id, week_date, 'pharmacy' as cohort_kind, pharmacy as cohort
        from delivered_orders
        where pharmacy is not null
    ),
    surveys as (
        select
            order_id,
            count(*) as survey_count,
            countif(nps_category = 'promoter') as promoter_count,
            countif(nps_category = 'detractor') as detractor_count,
            countif(csat is not null) as csat_count,
            countif(is_satisfied) as satisfied_count
        from pbm_gold.fact_patient_feedback
        where feedback_type = 'survey' and nps is not null
        group by order_id
    ),
    counted as (
        select
            placed_orders.week_date,
            placed_orders.cohort_kind,
            placed_orders.cohort,
            count(*) as delivered_count,
            coalesce(sum(surveys.survey_count), 0) as survey_count,
            coalesce(sum(surveys.promoter_count), 0) as promoter_count,
            coalesce(sum(surveys.detractor_count), 0) as detractor_count,
            coalesce(sum(surveys.csat_count), 0) as csat_count,
            coalesce(sum(surveys.satisfied_count), 0) as satisfied_count
        from placed_orders
        left join surveys on surveys.order_id = placed_orders.order_id
        group by placed_orders.week_date, placed_orders.cohort_kind, placed_orders.cohort
    ),
    cells as (
        select
            concat('delivered ', cohort_kind, ' ', cast(week_date as string)) as block,
            cohort as cell,
            delivered_count as n
        from counted
        union all
        select
            concat('surveys ', cohort_kind, ' ', cast(week_date as string)) as block,
            cohort as cell,
            survey_count as n
        from counted
    ),
    judged_cells as (
        -- include privacy/suppressed_cells.sql
    ),
    judged as (
        select
            counted.*,
            of_orders.is_suppressed or of_surveys.is_suppressed as is_suppressed
        from counted
        inner join judged_cells as of_orders
            on of_orders.cell = counted.cohort
            and of_orders.block
            = concat('delivered ', counted.cohort_kind, ' ', cast(counted.week_date as string))
        inner join judged_cells as of_surveys
            on of_surveys.cell = counted.cohort
            and of_surveys.block
            = concat('surveys ', counted.cohort_kind, ' ', cast(counted.week_date as string))
    )
select
    week_date,
    cohort_kind,
    cohort,
    if(is_suppressed, null, delivered_count) as delivered_count,
    if(is_suppressed, null, survey_count) as survey_count,
    if(is_suppressed, null, safe_divide(survey_count, delivered_count)) as response_rate,
    if(
        is_suppressed, null, safe_divide(100 * (promoter_count - detractor_count), survey_count)
    ) as nps,
    if(is_suppressed, null, safe_divide(satisfied_count, csat_count)) as csat_share,
    if(is_suppressed, null, promoter_count) as promoter_count,
    if(is_suppressed, null, detractor_count) as detractor_count,
    if(is_suppressed, null, csat_count) as csat_count,
    if(is_suppressed, null, satisfied_count) as satisfied_count,
    is_suppressed
from judged;
