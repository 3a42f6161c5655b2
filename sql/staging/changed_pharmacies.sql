-- The pharmacies that have another week or zone than before, with this build.
-- Grain: one row per pharmacy.
-- Sources: dim_pharmacies of pbm_staging and pbm_gold.

select coalesce(staged.pharmacy_id, published.pharmacy_id) as pharmacy_id
from (
    select pharmacy_id, time_zone, open_days
    from pbm_staging.dim_pharmacies
    where is_latest
) as staged
full join (
    select pharmacy_id, time_zone, open_days
    from pbm_gold.dim_pharmacies
    where is_latest
) as published
    on published.pharmacy_id = staged.pharmacy_id
where
    staged.pharmacy_id is null
    or published.pharmacy_id is null
    or staged.time_zone != published.time_zone
    or coalesce(staged.open_days, '') != coalesce(published.open_days, '')
order by pharmacy_id;
