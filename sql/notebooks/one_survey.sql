-- One survey of a delivered order, as gold holds it; the pseudonym is left out.
-- Grain: one row, or none.
-- Sources: pbm_gold.fact_patient_feedback.

select
    event_id,
    order_id,
    feedback_type,
    occurred_at,
    nps,
    nps_category,
    csat,
    is_satisfied,
    carrier,
    is_on_time,
    delivery_delay_hours
from pbm_gold.fact_patient_feedback
where feedback_type = 'survey' and nps is not null
order by nps, occurred_at, event_id
limit 1;
