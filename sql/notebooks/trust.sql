-- What is counted to trust the numbers: orders, the ledger, the seam.
-- Grain: one row.
-- Sources: pbm_gold.fact_order_lifecycle, pbm_serving.order_lifecycle, pbm_ops.reconciliation,
-- pbm_truth.orders.

with
    ledger as (
        select
            sum(received_count) as received_count,
            sum(accepted_count) as accepted_count,
            sum(duplicate_count) as duplicate_count,
            sum(rejected_count) as rejected_count,
            sum(unaccounted_count) as unaccounted_count
        from pbm_ops.reconciliation
    )
select
    (select count(*) from pbm_truth.orders) as true_order_count,
    (select count(*) from pbm_gold.fact_order_lifecycle) as gold_order_count,
    (select count(*) from pbm_serving.order_lifecycle) as served_order_count,
    ledger.received_count,
    ledger.accepted_count,
    ledger.duplicate_count,
    ledger.rejected_count,
    ledger.unaccounted_count
from ledger;
