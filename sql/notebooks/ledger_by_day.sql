-- The ledger, all days.
-- Grain: one row per known_date.

select
    known_date,
    sum(received_count) as received,
    sum(accepted_count) as accepted,
    sum(duplicate_count) as duplicate,
    sum(rejected_count) as rejected
from pbm_ops.reconciliation
group by known_date
order by known_date;
