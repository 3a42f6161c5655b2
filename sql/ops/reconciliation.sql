-- The ledger: every message received is accepted, a duplicate or rejected.
-- Grain: one row per known_date and source attribute.
-- Sources: pbm_bronze.raw_orders, pbm_silver. Partition: known_date. Freshness: each build.

create table if not exists pbm_ops.reconciliation (
    known_date date not null options (description = 'UTC date on which it was known; partition'),
    source string not null options (description = 'Attribute source; empty where absent'),
    received_count int64 not null options (description = 'Distinct message ids in bronze'),
    accepted_count int64 not null options (description = 'Of these, events in silver'),
    duplicate_count int64 not null options (description = 'Of these, other copies of events'),
    rejected_count int64 not null options (description = 'Of these, refused for another reason'),
    unaccounted_count int64 not null options (description = 'The rest; 0 once the day is built'),
    reconciled_at timestamp not null options (description = 'UTC')
)
partition by known_date
options (description = 'received = accepted + duplicate + rejected, by day and source');
