-- The messages that this build refuses: judged wrong, or another copy of the event stands.
-- Grain: one row per refused message (a copy in silver that a new one displaces is one, too). Of a
-- message that came again later the first delivery counts, and one that stands is not refused.
-- Sources: pbm_vault.judged_messages, pbm_staging.superseded_messages,
-- pbm_staging.published_copies, pbm_staging.displaced_events, pbm_staging.stg_order_events.

create or replace table pbm_staging.rejected_events as
with
    copies as (
        select
            judged.message_id,
            judged.source,
            judged.event_id,
            judged.attribute_source,
            judged.publish_time,
            judged.known_at
        from pbm_vault.judged_messages as judged
        inner join pbm_staging.superseded_messages as superseded
            on superseded.message_id = judged.message_id
        left join pbm_staging.published_copies as published
            on published.message_id = judged.message_id
        left join pbm_staging.displaced_events as displaced
            on displaced.message_id = judged.message_id
        where
            judged.reason_code is null
            and (published.message_id is null or displaced.message_id is not null)
        union all
        select
            displaced.message_id,
            displaced.source,
            displaced.event_id,
            displaced.source as attribute_source,
            displaced.publish_time,
            displaced.known_at
        from pbm_staging.displaced_events as displaced
        left join pbm_staging.stg_order_events as standing
            on standing.message_id = displaced.message_id
        where standing.message_id is null
    )
select
    message_id,
    reason_code,
    detail,
    attribute_source as source,
    publish_time,
    known_at,
    date(known_at) as known_date
from pbm_vault.judged_messages
where reason_code is not null
union all
select
    message_id,
    'duplicate' as reason_code,
    concat(source, '/', event_id) as detail,
    attribute_source as source,
    publish_time,
    known_at,
    date(known_at) as known_date
from (
    select *
    from copies
    where true
    qualify row_number() over (partition by message_id order by known_at) = 1
);
