-- The days outside of a run's own whose ledger its publication changes: of copies that go from
-- silver or from the refused, since one that was known earlier came later.
-- Grain: one row per known_date.
-- Sources: pbm_staging.displaced_events, pbm_vault.judged_messages, pbm_silver.rejected_events.
-- Parameters: first_date, last_date (the run's own days, both included). Asked before publishing.

select date(known_at) as known_date
from pbm_staging.displaced_events
where date(known_at) not between @first_date and @last_date
union distinct
select rejected.known_date
from pbm_silver.rejected_events as rejected
inner join pbm_vault.judged_messages as judged on judged.message_id = rejected.message_id
where rejected.known_date > @last_date
order by known_date;
