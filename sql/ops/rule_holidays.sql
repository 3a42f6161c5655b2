-- The holidays on which no pharmacy works.
-- Grain: one row per holiday.
-- Sources: lib/pbm360/domain/data/holidays.csv. Freshness: each build.

create table if not exists pbm_ops.rule_holidays (
    holiday_date date not null options (description = 'Day'),
    name string not null options (description = 'Name')
)
options (description = 'Holidays of the United States on which pharmacies are closed');
