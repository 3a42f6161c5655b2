-- How many rows a day's snapshot of order management has.
-- Grain: one row per entity that a dimension is made of.
-- Sources: pbm_bronze.oms_*. Parameter: snapshot_date.

select 'drugs' as entity, count(*) as row_count
from pbm_bronze.oms_drugs
where snapshot_date = @snapshot_date
union all
select 'patients' as entity, count(*) as row_count
from pbm_bronze.oms_patients
where snapshot_date = @snapshot_date
union all
select 'pharmacies' as entity, count(*) as row_count
from pbm_bronze.oms_pharmacies
where snapshot_date = @snapshot_date;
