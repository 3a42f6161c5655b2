-- What patients said, for the page: each week and cohort, with whether the week is over.
-- Grain: one row per week (of delivery), kind of cohort and cohort.
-- Sources: pbm_reporting.satisfaction (small cells are suppressed there), dates.

with
    weeks as (
        select distinct week_date, is_whole_week
        from pbm_reporting.dates
    )
select
    satisfaction.week_date,
    coalesce(weeks.is_whole_week, false) as is_whole_week,
    satisfaction.cohort_kind,
    satisfaction.cohort,
    satisfaction.delivered_count,
    satisfaction.survey_count,
    satisfaction.promoter_count,
    satisfaction.detractor_count,
    satisfaction.csat_count,
    satisfaction.satisfied_count,
    satisfaction.is_suppressed
from pbm_reporting.satisfaction as satisfaction
left join weeks on weeks.week_date = satisfaction.week_date
order by satisfaction.week_date, satisfaction.cohort_kind, satisfaction.cohort;
