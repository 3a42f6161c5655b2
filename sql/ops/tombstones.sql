-- What erasures have taken away and no read may show again, whenever it comes in once more.
-- Grain: one row per erased patient (pseudonym), order, or event of an order that others share.
-- Sources: lib/pbm360/erasure. Freshness: each erasure. Read by every view of pbm_serving.

create table if not exists pbm_ops.tombstones (
    erasure_id string not null options (description = 'Erasure that wrote it'),
    kind string not null options (description = 'patient_key, order_id or event'),
    value string not null options (
        description = 'Pseudonym, order id, or source/event id of what is erased'
    ),
    erased_at timestamp not null options (description = 'When the erasure was asked for, UTC')
)
cluster by kind, value
options (description = 'What erasures took away');
