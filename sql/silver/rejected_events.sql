-- Every message that silver does not hold as an event, and why; duplicates included.
-- Grain: one row per refused message.
-- Sources: pbm_bronze.raw_orders. Partition: known_date. Freshness: each build.

create table if not exists pbm_silver.rejected_events (
    message_id string not null options (description = 'Message'),
    reason_code string not null options (description = 'Reason, as in rejection_reasons.csv'),
    detail string options (description = 'Field at fault; of a duplicate, source/id of the event'),
    source string options (description = 'Attribute source of the message'),
    publish_time timestamp not null options (description = 'When Pub/Sub took the message, UTC'),
    known_at timestamp not null options (description = 'When the pharmacy knew it, UTC'),
    known_date date not null options (description = 'UTC date of known_at; partition')
)
partition by known_date
cluster by reason_code
options (description = 'Refused messages with the reason');
