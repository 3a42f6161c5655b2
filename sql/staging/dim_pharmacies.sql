-- The pharmacy dimension as this build will publish it.
-- Grain: one row per pharmacy and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_pharmacies.

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
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from pbm_bronze.oms_pharmacies
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
    periods as (
        select
            pharmacy_id,
            name,
            time_zone,
            opens_at,
            closes_at,
            open_days,
            min(snapshot_date) as valid_from,
            max(snapshot_date) as final_date
        from runs
        group by pharmacy_id, name, time_zone, opens_at, closes_at, open_days, run_number
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
