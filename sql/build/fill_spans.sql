-- Tell a warehouse that was built before builds named their partitions where its events lie: without
-- this a build would not find the events of an old order.
-- Grain: adds rows of pbm_silver.order_spans and pbm_ops.run_event_dates, where these have none.
-- Sources: pbm_silver.stg_order_events, all of it, once.

insert into pbm_silver.order_spans (order_id, first_event_date, last_event_date)
select
    order_id,
    min(event_date) as first_event_date,
    max(event_date) as last_event_date
from pbm_silver.stg_order_events
where not exists (select 1 from pbm_silver.order_spans)
group by order_id;

insert into pbm_ops.run_event_dates (run_id, run_date, event_date)
select distinct 'before runs told' as run_id, date(known_at) as run_date, event_date
from pbm_silver.stg_order_events
where not exists (select 1 from pbm_ops.run_event_dates);
