-- Three-digit ZIP areas of 20,000 people or fewer.
-- Grain: one row per area.
-- Sources: lib/pbm360/domain/data. Freshness: each `pbm360 up` and each build.

create table if not exists pbm_ops.rule_sparse_zip3 (
    zip3 string not null options (description = 'First three digits')
)
options (description = 'Three-digit ZIP areas of 20,000 people or fewer');
