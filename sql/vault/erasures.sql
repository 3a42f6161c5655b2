-- The erasures, so that a patient who was erased is known again without an identifier being kept.
-- Grain: one row per erasure. Restricted.
-- Sources: lib/pbm360/erasure. Freshness: each erasure.
-- The digest doesn't depend on the key of the pseudonyms, so it outlives that key's rotation.

create table if not exists pbm_vault.erasures (
    erasure_id string not null options (description = 'Erasure, random'),
    salt string not null options (description = 'Random key of the digest, hexadecimal'),
    patient_digest string not null options (
        description = 'HMAC-SHA-256 of the patient id by the salt, hexadecimal'
    ),
    asked_at timestamp not null options (description = 'When it was asked for, UTC'),
    completed_at timestamp options (description = 'When all was deleted, UTC; null: not yet'),
    deleted_row_count int64 options (description = 'Rows deleted in all tables')
)
options (description = 'Erasures of patients; restricted');
