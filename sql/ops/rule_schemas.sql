-- The known versions of the data object.
-- Grain: one row per schema.
-- Sources: lib/pbm360/domain/data. Freshness: each `pbm360 up` and each build.

create table if not exists pbm_ops.rule_schemas (
    dataschema string not null options (description = 'Name in the envelope'),
    schema_version int64 not null options (description = 'Version')
)
options (description = 'The known versions of the data object');
