-- The drug dimension as this build will publish it.
-- Grain: one row per NDC-11 and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_drugs.
-- Parameter: since_date (the last snapshot that the published dimension holds and that is as it
-- was). Periods that ended before it stay; the period that held on that day begins when it began.

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
    new_periods as (
        select
            drug_ndc,
            name,
            form,
            strength,
            temperature_class,
            therapy,
            min(snapshot_date) as first_date,
            max(snapshot_date) as final_date
        from runs
        group by drug_ndc, name, form, strength, temperature_class, therapy, run_number
    ),
    periods as (
        select
            new_periods.drug_ndc,
            new_periods.name,
            new_periods.form,
            new_periods.strength,
            new_periods.temperature_class,
            new_periods.therapy,
            coalesce(published.valid_from, new_periods.first_date) as valid_from,
            new_periods.final_date
        from new_periods
        left join pbm_gold.dim_drugs as published
            on published.drug_ndc = new_periods.drug_ndc
            and new_periods.first_date = @since_date
            and published.valid_from < @since_date
            and coalesce(published.valid_to, @since_date) >= @since_date
        union all
        select
            drug_ndc,
            name,
            form,
            strength,
            temperature_class,
            therapy,
            valid_from,
            valid_to as final_date
        from pbm_gold.dim_drugs
        where valid_to < @since_date
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
