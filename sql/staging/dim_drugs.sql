-- The drug dimension as this build will publish it.
-- Grain: one row per NDC-11.
-- Sources: pbm_bronze.oms_drugs. Parameters: last_date (snapshots up to it).

create or replace table pbm_staging.dim_drugs as
with
    snapshots as (
        select *
        from pbm_bronze.oms_drugs
        where snapshot_date <= @last_date
    ),
    spans as (
        select
            drug_ndc,
            min(snapshot_date) as first_date,
            max(snapshot_date) as final_date
        from snapshots
        group by drug_ndc
    ),
    newest as (
        select max(snapshot_date) as newest_date
        from snapshots
    )
select
    snapshots.drug_ndc,
    snapshots.name,
    snapshots.form,
    snapshots.strength,
    snapshots.temperature_class,
    snapshots.therapy,
    spans.first_date as valid_from,
    if(spans.final_date = newest.newest_date, null, spans.final_date) as valid_to
from snapshots
inner join spans
    on spans.drug_ndc = snapshots.drug_ndc and spans.final_date = snapshots.snapshot_date
cross join newest;
