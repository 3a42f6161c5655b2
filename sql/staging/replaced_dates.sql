-- The partitions of silver that hold what a publication replaces: events, and spans of orders.
-- Grain: one row per table and date.
-- Sources: pbm_staging.displaced_events, pbm_staging.published_spans.

select distinct 'stg_order_events' as table_name, event_date as partition_date
from pbm_staging.displaced_events
union all
select distinct 'order_spans' as table_name, last_event_date as partition_date
from pbm_staging.published_spans
order by table_name, partition_date;
