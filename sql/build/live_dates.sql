-- The dates of the events in live, and from when on their messages are known: where silver may hold
-- them. A refusal may be known 31 days before a message that came again.
-- Grain: one row per event_date.
-- Sources: pbm_live.order_events.

select
    event_date,
    date_sub(min(date(known_at)), interval 31 day) as first_known_date
from pbm_live.order_events
group by event_date
order by event_date;
