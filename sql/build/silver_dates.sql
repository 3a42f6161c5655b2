-- The partitions of silver that hold the events of messages known in some days.
-- Grain: one row per event_date.
-- Sources: pbm_ops.run_event_dates. A run reads the messages of its day and of two days before it.
-- Parameters: first_date, last_date (known_date, both included).

select distinct event_date
from pbm_ops.run_event_dates
where run_date between @first_date and date_add(@last_date, interval 2 day)
order by event_date;
