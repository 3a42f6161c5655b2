-- How likely trouble is for each open order, when it will be at the door, and why.
-- Grain: one row per open order, as scored last.
-- Sources: pbm_ops.risk_scores, less what pbm_ops.tombstones names.

create or replace view pbm_serving.order_risk as
select
    order_id,
    p_miss_sla,
    p_miss_promise,
    p_runout,
    eta_p50_at,
    eta_p90_at,
    due_at,
    promised_at,
    stage,
    pharmacy_id,
    carrier,
    reason_1,
    reason_2,
    reason_3,
    model_version,
    scored_at
from pbm_ops.risk_scores
where
    order_id not in (
        select value
        from pbm_ops.tombstones
        where kind = 'order_id'
    );
