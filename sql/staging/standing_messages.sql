-- The messages whose events this build adds: of several copies the least (known_at, message_id).
-- Grain: one row per distinct event (source, event_id) whose standing copy is new.
-- Sources: pbm_vault.judged_messages, pbm_staging.published_copies.

create or replace table pbm_staging.standing_messages as
with
    accepted as (
        select message_id, source, event_id, known_at
        from pbm_vault.judged_messages
        where reason_code is null
        qualify
            row_number() over (partition by source, event_id order by known_at, message_id) = 1
    )
select accepted.message_id
from accepted
left join pbm_staging.published_copies as published
    on published.source = accepted.source and published.event_id = accepted.event_id
where
    published.event_id is null
    or accepted.known_at < published.known_at
    or (accepted.known_at = published.known_at and accepted.message_id < published.message_id);
