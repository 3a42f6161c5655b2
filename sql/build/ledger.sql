-- The ledger of some days.
-- Grain: one row per known_date and source attribute.
-- Parameters: first_date, last_date (both included).

select
    known_date,
    source,
    received_count,
    accepted_count,
    duplicate_count,
    rejected_count,
    unaccounted_count
from pbm_ops.reconciliation
where known_date between @first_date and @last_date
order by known_date, source;
