-- Every message of topic orders-events exactly as it was received.
-- Grain: one row per delivery of a message (a redelivery is a row of its own). Append only.
-- Sources: lib/pbm360/stream. Partition: known_date (filter required). Freshness: seconds.

create table if not exists pbm_bronze.raw_orders (
    message_id string not null options (description = 'Id that Pub/Sub gave the message'),
    publish_time timestamp not null options (description = 'When Pub/Sub took the message, UTC'),
    ingested_at timestamp not null options (description = 'When the stream received it, UTC'),
    known_at timestamp not null options (
        description = 'When the pharmacy knew it: attribute observed_at, else ingested_at, UTC'
    ),
    known_date date not null options (description = 'UTC date of known_at; partition'),
    source string options (description = 'Attribute source; null where absent'),
    attributes string not null options (description = 'All attributes, a JSON object as text'),
    payload bytes options (description = 'The message body, byte for byte')
)
partition by known_date
options (
    description = 'Messages as received, one row per delivery',
    require_partition_filter = true
);
