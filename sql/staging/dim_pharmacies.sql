-- The pharmacy dimension as this build will publish it.
-- Grain: one row per pharmacy and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_pharmacies.
-- Parameter: since_date (the last snapshot that the published dimension holds and that is as it
-- was). Periods that ended before it stay; the period that held on that day begins when it began.

create or replace table pbm_staging.dim_pharmacies as
with
    snapshots as (
        select
            snapshot_date,
            pharmacy_id,
            name,
            time_zone,
            opens_at,
            closes_at,
            open_days
        from pbm_bronze.oms_pharmacies
        where snapshot_date >= @since_date
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from snapshots
        )
    ),
    runs as (
        select
            snapshots.*,
            days.day_number,
            days.day_number - row_number() over (
                partition by
                    snapshots.pharmacy_id,
                    snapshots.name,
                    snapshots.time_zone,
                    snapshots.opens_at,
                    snapshots.closes_at,
                    snapshots.open_days
                order by days.day_number
            ) as run_number
        from snapshots
        inner join days on days.snapshot_date = snapshots.snapshot_date
    ),
    new_periods as (
        select
            pharmacy_id,
            name,
            time_zone,
            opens_at,
            closes_at,
            open_days,
            min(snapshot_date) as first_date,
            max(snapshot_date) as final_date
        from runs
        group by pharmacy_id, name, time_zone, opens_at, closes_at, open_days, run_number
    ),
    periods as (
        select
            new_periods.pharmacy_id,
            new_periods.name,
            new_periods.time_zone,
            new_periods.opens_at,
            new_periods.closes_at,
            new_periods.open_days,
            coalesce(published.valid_from, new_periods.first_date) as valid_from,
            new_periods.final_date
        from new_periods
        left join pbm_gold.dim_pharmacies as published
            on published.pharmacy_id = new_periods.pharmacy_id
            and new_periods.first_date = @since_date
            and published.valid_from < @since_date
            and coalesce(published.valid_to, @since_date) >= @since_date
        union all
        select
            pharmacy_id,
            name,
            time_zone,
            opens_at,
            closes_at,
            open_days,
            valid_from,
            valid_to as final_date
        from pbm_gold.dim_pharmacies
        where valid_to < @since_date
    )
select
    periods.pharmacy_id,
    periods.name,
    periods.time_zone,
    periods.opens_at,
    periods.closes_at,
    periods.open_days,
    periods.valid_from,
    if(
        periods.final_date = (select max(snapshot_date) from days), null, periods.final_date
    ) as valid_to,
    periods.final_date = max(periods.final_date) over (partition by periods.pharmacy_id) as is_latest
from periods;
