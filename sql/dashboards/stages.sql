-- The stages in which an order is open, in the order of the process.
-- Grain: one row per stage that is not terminal.
-- Sources: pbm_gold.dim_stages.

select
    stage,
    label as stage_label,
    sla_hours
from pbm_gold.dim_stages
where not is_terminal
order by stage_order;
