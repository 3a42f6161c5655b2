-- What the stream refused: why, and where the raw message lies; never what it says.
-- Grain: one row per delivery of a refused message; readers take distinct message ids.
-- Sources: lib/pbm360/stream. Partition: known_date. Freshness: seconds.

create table if not exists pbm_ops.dead_letters (
    message_id string not null options (
        description = 'Message refused; with known_date it points to its row of bronze'
    ),
    known_date date not null options (
        description = 'Its partition of pbm_bronze.raw_orders, UTC; partition'
    ),
    source string options (description = 'Attribute source; null where absent'),
    reason_code string not null options (
        description = 'Why it was refused, as in pbm_silver.rejected_events'
    ),
    detail string options (description = 'Field at fault, never its value; null where none is'),
    publish_time timestamp not null options (description = 'When Pub/Sub took the message, UTC'),
    refused_at timestamp not null options (description = 'When the stream received it, UTC')
)
partition by known_date
options (description = 'Pointers to refused messages, one row per delivery');
