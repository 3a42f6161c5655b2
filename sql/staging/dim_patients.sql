-- The patient dimension as this build will publish it: no identifier.
-- Grain: one row per patient and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_patients, pbm_vault.patient_keys, pbm_ops.rule_sparse_zip3.
-- Age is taken on the snapshot's date.
-- Parameter: since_date (the last snapshot that the published dimension holds and that is as it
-- was). Periods that ended before it stay; the period that held on that day begins when it began.

create or replace table pbm_staging.dim_patients as
with
    aged as (
        select
            snapshot_date,
            patient_id,
            regexp_extract(zip_code, r'^[0-9]{3}') as zip3,
            therapy,
            date_diff(snapshot_date, birth_date, year)
            - if(
                format_date('%m%d', snapshot_date) < format_date('%m%d', birth_date), 1, 0
            ) as age_years
        from pbm_bronze.oms_patients
        where snapshot_date >= @since_date
    ),
    snapshots as (
        select
            aged.snapshot_date,
            patient_keys.patient_key,
            case
                when aged.age_years < 0 then null
                when aged.age_years >= 90 then '90+'
                else
                    format(
                        '%d-%d', div(aged.age_years, 10) * 10, div(aged.age_years, 10) * 10 + 9
                    )
            end as age_band,
            if(sparse.zip3 is not null, '000', aged.zip3) as zip3,
            aged.therapy
        from aged
        inner join pbm_vault.patient_keys as patient_keys
            on patient_keys.patient_id = aged.patient_id
        left join pbm_ops.rule_sparse_zip3 as sparse on sparse.zip3 = aged.zip3
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from aged
        )
    ),
    runs as (
        select
            snapshots.*,
            days.day_number,
            days.day_number - row_number() over (
                partition by
                    snapshots.patient_key,
                    snapshots.age_band,
                    snapshots.zip3,
                    snapshots.therapy
                order by days.day_number
            ) as run_number
        from snapshots
        inner join days on days.snapshot_date = snapshots.snapshot_date
    ),
    new_periods as (
        select
            patient_key,
            age_band,
            zip3,
            therapy,
            min(snapshot_date) as first_date,
            max(snapshot_date) as final_date
        from runs
        group by patient_key, age_band, zip3, therapy, run_number
    ),
    periods as (
        select
            new_periods.patient_key,
            new_periods.age_band,
            new_periods.zip3,
            new_periods.therapy,
            coalesce(published.valid_from, new_periods.first_date) as valid_from,
            new_periods.final_date
        from new_periods
        left join pbm_gold.dim_patients as published
            on published.patient_key = new_periods.patient_key
            and new_periods.first_date = @since_date
            and published.valid_from < @since_date
            and coalesce(published.valid_to, @since_date) >= @since_date
        union all
        select
            patient_key,
            age_band,
            zip3,
            therapy,
            valid_from,
            valid_to as final_date
        from pbm_gold.dim_patients
        where valid_to < @since_date
    )
select
    periods.patient_key,
    periods.age_band,
    periods.zip3,
    periods.therapy,
    periods.valid_from,
    if(
        periods.final_date = (select max(snapshot_date) from days), null, periods.final_date
    ) as valid_to,
    periods.final_date = max(periods.final_date) over (partition by periods.patient_key) as is_latest
from periods;
