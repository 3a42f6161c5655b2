-- Whether the serving view and gold agree.
-- Grain: one row.

select
    count(*) as order_count,
    countif(
        fact.order_id is null
        or serving.order_id is null
        or to_json_string(serving) != to_json_string(fact)
    ) as different_count
from pbm_serving.order_lifecycle as serving
full join pbm_gold.fact_order_lifecycle as fact on fact.order_id = serving.order_id;
