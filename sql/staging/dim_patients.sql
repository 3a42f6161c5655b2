-- The patient dimension as this build will publish it: no identifier.
-- Grain: one row per patient.
-- Sources: pbm_bronze.oms_patients, pbm_vault.patient_keys, pbm_ops.rule_sparse_zip3.
-- Parameters: last_date (snapshots up to it). Age is taken on the snapshot's date.

create or replace table pbm_staging.dim_patients as
with
    newest as (
        select
            patient_id,
            regexp_extract(zip_code, r'^[0-9]{3}') as zip3,
            therapy,
            date_diff(snapshot_date, birth_date, year)
            - if(
                format_date('%m%d', snapshot_date) < format_date('%m%d', birth_date), 1, 0
            ) as age_years
        from pbm_bronze.oms_patients
        where snapshot_date <= @last_date
        qualify row_number() over (partition by patient_id order by snapshot_date desc) = 1
    )
select
    patient_keys.patient_key,
    case
        when newest.age_years < 0 then null
        when newest.age_years >= 90 then '90+'
        else
            format(
                '%d-%d', div(newest.age_years, 10) * 10, div(newest.age_years, 10) * 10 + 9
            )
    end as age_band,
    if(sparse.zip3 is not null, '000', newest.zip3) as zip3,
    newest.therapy
from newest
inner join pbm_vault.patient_keys as patient_keys on patient_keys.patient_id = newest.patient_id
left join pbm_ops.rule_sparse_zip3 as sparse on sparse.zip3 = newest.zip3;
