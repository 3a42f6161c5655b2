-- Alerts: what somebody was or is to be told, who has it, and what became of it.
-- Grain: one row per alert.
-- Sources: lib/pbm360/alerts. Freshness: each watch, and each acknowledgement.

create table if not exists pbm_ops.alerts (
    alert_id string not null options (description = 'Rule, subject and the instant it opened'),
    rule string not null options (description = 'Rule that raised it'),
    subject string not null options (description = 'Order, stage, source or carrier'),
    severity string not null options (description = 'critical, high or medium'),
    message string not null options (description = 'What is wrong, in words'),
    level float64 not null options (description = 'Value that the rule compares, when last seen'),
    owner string not null options (description = 'Team that is to act'),
    opened_at timestamp not null options (description = 'UTC'),
    last_seen_at timestamp not null options (description = 'Last watch that still found it, UTC'),
    closed_at timestamp options (description = 'UTC; null while open'),
    acknowledged_at timestamp options (description = 'UTC; null where nobody has it yet'),
    acknowledged_by string options (description = 'Who took it'),
    published_at timestamp options (description = 'UTC; null while quiet hours hold it back')
)
options (description = 'One row per alert');
