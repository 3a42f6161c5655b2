-- Until when the patients of open orders have drug left: the last deliveries and what was left over.
-- Grain: one row per open order whose patient was sent the same drug before.
-- Sources: pbm_serving.order_lifecycle.
-- Days of supply carry over: a delivery lasts from its day, or from when the one before it runs out.
-- So the drug lasts until the latest of (a delivery + the days of supply of it and all after it).

with
    orders as (
        select order_id, patient_key, drug_ndc, status, delivered_at, days_supply
        from pbm_serving.order_lifecycle
        where patient_key is not null and drug_ndc is not null
    ),
    deliveries as (
        select
            patient_key,
            drug_ndc,
            delivered_at,
            sum(days_supply) over (
                partition by patient_key, drug_ndc
                order by delivered_at desc, order_id
                rows between unbounded preceding and current row
            ) as supply_days
        from orders
        where status = 'delivered' and days_supply > 0
    ),
    supplies as (
        select
            patient_key,
            drug_ndc,
            max(timestamp_add(delivered_at, interval supply_days day)) as runout_at
        from deliveries
        group by patient_key, drug_ndc
    )
select orders.order_id, supplies.runout_at
from orders
inner join supplies
    on supplies.patient_key = orders.patient_key and supplies.drug_ndc = orders.drug_ndc
where orders.status = 'open'
order by orders.order_id;
