-- The messages that this build refuses: judged wrong, or another copy of the event stands.
-- Grain: one row per refused message (a copy in silver that a new one displaces is one, too).
-- Sources: pbm_vault.judged_messages, pbm_staging.stg_order_events, pbm_silver.stg_order_events.

create or replace table pbm_staging.rejected_events as
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
    judged.message_id,
    'duplicate' as reason_code,
    concat(judged.source, '/', judged.event_id) as detail,
    judged.attribute_source as source,
    judged.publish_time,
    judged.known_at,
    date(judged.known_at) as known_date
from pbm_vault.judged_messages as judged
left join pbm_staging.standing_messages as standing on standing.message_id = judged.message_id
where judged.reason_code is null and standing.message_id is null
union all
select
    displaced.message_id,
    'duplicate' as reason_code,
    concat(displaced.source, '/', displaced.event_id) as detail,
    displaced.source,
    displaced.publish_time,
    displaced.known_at,
    date(displaced.known_at) as known_date
from pbm_silver.stg_order_events as displaced
inner join pbm_staging.stg_order_events as staged
    on staged.source = displaced.source and staged.event_id = displaced.event_id;
