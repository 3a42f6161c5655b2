-- The days before a day that have messages and no published run.
-- Grain: one row per day.
-- Parameters: before (excluded).

select distinct raw_orders.known_date
from pbm_bronze.raw_orders as raw_orders
left join pbm_ops.batch_runs as runs
    on runs.run_date = raw_orders.known_date and runs.status = 'published'
where raw_orders.known_date < @before and runs.run_date is null
order by raw_orders.known_date;
