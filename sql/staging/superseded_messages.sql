-- The judged messages that are good and whose event is another copy's: of several copies the least
-- (known_at, message_id) stands, be it new or in silver.
-- Grain: one row per message that does not stand. A table of the few: the many stand.
-- Sources: pbm_vault.judged_messages, pbm_staging.published_copies.

create or replace table pbm_staging.superseded_messages as
with
    copied_events as (
        select source, event_id
        from pbm_vault.judged_messages
        where reason_code is null
        group by source, event_id
        having count(*) > 1
    )
select judged.message_id
from pbm_vault.judged_messages as judged
inner join copied_events
    on copied_events.source = judged.source and copied_events.event_id = judged.event_id
where judged.reason_code is null
qualify
    row_number() over (
        partition by judged.source, judged.event_id order by judged.known_at, judged.message_id
    ) > 1
union distinct
select judged.message_id
from pbm_vault.judged_messages as judged
inner join pbm_staging.published_copies as published
    on published.source = judged.source and published.event_id = judged.event_id
where
    judged.reason_code is null
    and (
        judged.known_at > published.known_at
        or (judged.known_at = published.known_at and judged.message_id >= published.message_id)
    );
