-- What the alerts watch beside the orders: stages that jam, carriers that come late.
-- Grain: one row per watched thing: kind (stage, carrier), name, level, usual, case_count.
-- A stage's level is its work in progress by the departures of a day (mean of 7): the days that it
-- holds of work; usual is the mean stay of the visits that ended in 28 days, which by Little's law
-- is the same in a steady stage. A carrier's level is the share of the promises of 24 hours that it
-- missed, usual the same of the 27 days before. case_count: orders that the level rests on.
-- Sources: pbm_gold.fact_stage_visits, pbm_serving.order_lifecycle. Parameter: now (UTC).

with
    waiting as (
        select stage, count(*) as order_count
        from pbm_serving.order_lifecycle
        where status = 'open' and stage is not null
        group by stage
    ),
    departures as (
        select
            stage,
            countif(left_at > timestamp_sub(@now, interval 7 day)) / 7 as day_count,
            -- rounded, since a mean's last digits follow the order of its rows
            round(avg(wait_hours) / 24, 6) as usual_days
        from pbm_gold.fact_stage_visits
        where left_at > timestamp_sub(@now, interval 28 day) and left_at <= @now
        group by stage
    ),
    stages as (
        select
            'stage' as kind,
            waiting.stage as name,
            waiting.order_count / greatest(departures.day_count, 1) as level,
            departures.usual_days as usual,
            waiting.order_count as case_count
        from waiting
        inner join departures on departures.stage = waiting.stage
    ),
    promises as (
        select
            carrier,
            coalesce(delivered_at <= promised_at, false) as is_kept,
            promised_at > timestamp_sub(@now, interval 24 hour) as is_new
        from pbm_serving.order_lifecycle
        where
            carrier is not null
            and promised_at > timestamp_sub(@now, interval 28 day)
            and promised_at <= @now
            and status != 'cancelled'
    ),
    carriers as (
        select
            'carrier' as kind,
            carrier as name,
            countif(is_new and not is_kept) / greatest(countif(is_new), 1) as level,
            countif(not is_new and not is_kept) / greatest(countif(not is_new), 1) as usual,
            countif(is_new) as case_count
        from promises
        group by carrier
    )
select kind, name, level, usual, case_count
from stages
union all
select kind, name, level, usual, case_count
from carriers
order by kind, name;
