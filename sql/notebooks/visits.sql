-- The stays of orders in stages, in the order of each order's life.
-- Grain: one row per order and stage entry.
-- Sources: pbm_gold.fact_stage_visits, dim_stages.
-- Parameters: since (UTC): visits entered from then on.

select
    visits.order_id,
    visits.visit_number,
    visits.stage,
    stages.label,
    stages.stage_order,
    stages.sla_hours,
    stages.is_terminal,
    visits.previous_stage,
    visits.entered_at,
    visits.left_at,
    visits.wait_hours,
    visits.stage_visit_number,
    visits.is_allowed
from pbm_gold.fact_stage_visits as visits
inner join pbm_gold.dim_stages as stages on stages.stage = visits.stage
where visits.entered_date >= date(@since) and visits.entered_at >= @since
order by order_id, visit_number;
