-- The allowed transitions between stages.
-- Grain: one row per pair of stages.
-- Sources: lib/pbm360/domain/data. Freshness: each `pbm360 up` and each build.

create table if not exists pbm_ops.rule_transitions (
    from_stage string not null options (description = 'Stage left'),
    to_stage string not null options (description = 'Stage entered')
)
options (description = 'The allowed transitions between stages');
