-- The spans of dates of the orders that this build computes anew.
-- Grain: one row per distinct span.
-- Sources: pbm_staging.order_spans, pbm_staging.touched_orders. Read by Python, which lists the
-- dates: they are the partitions that hold the orders' rows in silver and gold.

select distinct spans.first_event_date, spans.last_event_date
from pbm_staging.order_spans as spans
inner join pbm_staging.touched_orders as touched on touched.order_id = spans.order_id
order by spans.first_event_date, spans.last_event_date;
