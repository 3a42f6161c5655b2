-- One open order as the serving view has it, with what its row rests on.
-- Grain: one row, or none.
-- Sources: pbm_serving.order_lifecycle.

select
    order_id,
    status,
    stage,
    stage_entered_at,
    sla_due_at,
    received_at,
    event_count,
    last_event_at
from pbm_serving.order_lifecycle
where status = 'open' and received_at is not null
order by received_at, order_id
limit 1;
