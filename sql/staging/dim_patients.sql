-- The patient dimension as this build will publish it: no identifier.
-- Grain: one row per patient and unbroken run of snapshots that say the same.
-- Sources: pbm_bronze.oms_patients, pbm_vault.patient_keys, pbm_ops.rule_sparse_zip3.
-- Age is taken on the snapshot's date.

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
            from pbm_bronze.oms_patients
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
    periods as (
        select
            patient_key,
            age_band,
            zip3,
            therapy,
            min(snapshot_date) as valid_from,
            max(snapshot_date) as final_date
        from runs
        group by patient_key, age_band, zip3, therapy, run_number
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
