-- Every accepted spelling of a code.
-- Grain: one row per field and spelling.
-- Sources: lib/pbm360/domain/data. Freshness: each `pbm360 up` and each build.

create table if not exists pbm_ops.rule_codes (
    field string not null options (description = 'Field; also type and source'),
    code string not null options (description = 'Spelling, lower case'),
    value string not null options (description = 'Code that it stands for')
)
options (description = 'Every accepted spelling of a code');
