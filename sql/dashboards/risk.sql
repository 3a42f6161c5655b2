-- What the forecast says of the open orders.
-- Grain: one row per open order, as scored last.
-- Sources: pbm_serving.order_risk.

select
    order_id,
    p_miss_sla,
    p_miss_promise,
    p_runout,
    eta_p50_at,
    eta_p90_at,
    due_at,
    reason_1,
    reason_2,
    model_version,
    scored_at
from pbm_serving.order_risk;
