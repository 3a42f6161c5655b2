-- Have this build compute anew the orders whose pharmacy has another week or zone than before.
-- Grain: adds rows of pbm_staging.touched_orders.
-- Sources: dim_pharmacies of pbm_staging and pbm_gold, pbm_gold.fact_order_lifecycle.

insert into pbm_staging.touched_orders
with
    changed_pharmacies as (
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
    )
select distinct fact.reported_order_id as order_id
from pbm_gold.fact_order_lifecycle as fact
inner join changed_pharmacies on changed_pharmacies.pharmacy_id = fact.pharmacy_id
left join pbm_staging.touched_orders as touched on touched.order_id = fact.reported_order_id
where fact.shipped_at is not null and touched.order_id is null;
