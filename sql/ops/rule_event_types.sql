-- The event types and the stages that they enter.
-- Grain: one row per event type.
-- Sources: lib/pbm360/domain/data. Freshness: each `pbm360 up` and each build.

create table if not exists pbm_ops.rule_event_types (
    event_type string not null options (description = 'Event type'),
    source string not null options (description = 'System that usually sends it'),
    stage string options (description = 'Stage entered; null where none'),
    stage_when_denied string options (description = 'Stage entered where decision is denied')
)
options (description = 'The event types and the stages that they enter');
