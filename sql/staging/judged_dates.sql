-- The dates of the events that this build has judged good: the partitions that may hold copies.
-- Grain: one row per event_date.
-- Sources: pbm_vault.judged_messages.

select distinct event_date
from pbm_vault.judged_messages
where reason_code is null
order by event_date;
