-- The refusals of a staged run, duplicates apart.
-- Grain: one row per reason and field.

select reason_code, detail, count(*) as message_count
from pbm_staging.rejected_events
where reason_code != 'duplicate'
group by reason_code, detail
order by message_count desc, reason_code, detail;
