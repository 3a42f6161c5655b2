-- Until when patients have drug left, by the deliveries known at an instant and what was left over.
-- Grain: one row per instant, patient and drug that was delivered before.
-- Sources: the relation `known_orders`, bound by what includes this file: the columns of
-- pbm_serving.order_lifecycle and as_of. Supply carries over, as in dashboards/supplies.sql.

select
    as_of,
    patient_key,
    drug_ndc,
    max(timestamp_add(delivered_at, interval supply_days day)) as runout_at
from (
    select
        as_of,
        patient_key,
        drug_ndc,
        delivered_at,
        sum(days_supply) over (
            partition by as_of, patient_key, drug_ndc
            order by delivered_at desc, order_id
            rows between unbounded preceding and current row
        ) as supply_days
    from known_orders
    where
        status = 'delivered'
        and days_supply > 0
        and patient_key is not null
        and drug_ndc is not null
)
group by as_of, patient_key, drug_ndc;
