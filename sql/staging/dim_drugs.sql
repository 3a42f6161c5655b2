-- The drug dimension as this build will publish it.
-- Grain: one row per NDC-11 and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_drugs.

create or replace table pbm_staging.dim_drugs as
with
    snapshots as (
        select
            snapshot_date,
            drug_ndc,
            name,
            form,
            strength,
            temperature_class,
            therapy
        from pbm_bronze.oms_drugs
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from pbm_bronze.oms_drugs
        )
    ),
    runs as (
        select
            snapshots.*,
            days.day_number,
            days.day_number - row_number() over (
                partition by
                    snapshots.drug_ndc,
                    snapshots.name,
                    snapshots.form,
                    snapshots.strength,
                    snapshots.temperature_class,
                    snapshots.therapy
                order by days.day_number
            ) as run_number
        from snapshots
        inner join days on days.snapshot_date = snapshots.snapshot_date
    ),
    periods as (
        select
            drug_ndc,
            name,
            form,
            strength,
            temperature_class,
            therapy,
            min(snapshot_date) as valid_from,
            max(snapshot_date) as final_date
        from runs
        group by drug_ndc, name, form, strength, temperature_class, therapy, run_number
    )
select
    periods.drug_ndc,
    periods.name,
    periods.form,
    periods.strength,
    periods.temperature_class,
    periods.therapy,
    periods.valid_from,
    if(
        periods.final_date = (select max(snapshot_date) from days), null, periods.final_date
    ) as valid_to,
    periods.final_date = max(periods.final_date) over (partition by periods.drug_ndc) as is_latest
from periods;
