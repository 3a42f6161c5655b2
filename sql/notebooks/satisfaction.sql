-- What patients say, by cohort of delivered orders; cells of 1 to @minimum_count - 1 surveys are suppressed.
-- Grain: one row per cohort.
-- Sources: pbm_gold.fact_order_lifecycle, fact_patient_feedback.
-- Parameters: cohort (lateness, carrier, pharmacy or week), minimum_count.
-- Where one cell alone is small, the next smallest that has answers is suppressed, too (the rule of
-- privacy/suppressed_cells.sql): else the total gives it away, and an empty cell would hide nothing.

with
    delivered_orders as (
        select
            order_id,
            case @cohort
                when 'carrier' then carrier
                when 'pharmacy' then pharmacy_id
                when 'week' then cast(date_trunc(date(delivered_at), isoweek) as string)
                when 'lateness'
                    then case
                        when is_on_time is null then 'no promise'
                        when not is_on_time then 'late'
                        when timestamp_diff(promised_at, delivered_at, hour) >= 6
                            then 'on time, 6 h or more to spare'
                        else 'on time, less than 6 h to spare'
                    end
            end as cohort
        from pbm_gold.fact_order_lifecycle
        where status = 'delivered'
    ),
    surveys as (
        select order_id, nps, nps_category, csat, is_satisfied
        from pbm_gold.fact_patient_feedback
        where feedback_type = 'survey' and nps is not null
    ),
    counted_cohorts as (
        select
            delivered_orders.cohort,
            count(distinct delivered_orders.order_id) as delivered_count,
            count(surveys.order_id) as survey_count,
            countif(surveys.nps_category = 'promoter') as promoter_count,
            countif(surveys.nps_category = 'detractor') as detractor_count,
            countif(surveys.csat is not null) as csat_count,
            countif(surveys.is_satisfied) as satisfied_count
        from delivered_orders
        left join surveys on surveys.order_id = delivered_orders.order_id
        where delivered_orders.cohort is not null
        group by delivered_orders.cohort
    ),
    sized_cohorts as (
        select
            cohort,
            delivered_count,
            survey_count,
            promoter_count,
            detractor_count,
            csat_count,
            satisfied_count,
            survey_count > 0 and survey_count < @minimum_count as is_small
        from counted_cohorts
    ),
    ranked_cohorts as (
        select
            cohort,
            delivered_count,
            survey_count,
            promoter_count,
            detractor_count,
            csat_count,
            satisfied_count,
            is_small,
            sum(if(is_small, 1, 0)) over () as small_count,
            row_number() over (
                partition by is_small, survey_count = 0
                order by survey_count, cohort
            ) as size_rank
        from sized_cohorts
    ),
    judged_cohorts as (
        select
            cohort,
            delivered_count,
            survey_count,
            promoter_count,
            detractor_count,
            csat_count,
            satisfied_count,
            is_small
            or (small_count = 1 and size_rank = 1 and survey_count > 0) as is_suppressed
        from ranked_cohorts
    )
select
    cohort,
    delivered_count,
    if(is_suppressed, null, survey_count) as survey_count,
    if(is_suppressed, null, safe_divide(survey_count, delivered_count)) as response_rate,
    if(
        is_suppressed, null, safe_divide(100 * (promoter_count - detractor_count), survey_count)
    ) as nps,
    if(is_suppressed, null, safe_divide(satisfied_count, csat_count)) as csat_share,
    is_suppressed
from judged_cohorts
order by cohort;
