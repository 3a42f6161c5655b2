-- Balance the ledger of some days: what bronze received against what silver accounts for.
-- Grain: replaces the rows of pbm_ops.reconciliation of the days.
-- Parameters: first_date, last_date (both included), cut_at, reconciled_at.

begin transaction;

delete from pbm_ops.reconciliation
where known_date between @first_date and @last_date;

insert into pbm_ops.reconciliation
with
    received as (
        select
            message_id,
            min(known_date) as known_date,
            min(coalesce(source, '')) as source
        from pbm_bronze.raw_orders
        where known_date between @first_date and @last_date and ingested_at <= @cut_at
        group by message_id
    ),
    verdicts as (
        select message_id, 'accepted' as verdict
        from pbm_silver.stg_order_events
        union all
        select message_id, if(reason_code = 'duplicate', 'duplicate', 'rejected') as verdict
        from pbm_silver.rejected_events
    )
select
    received.known_date,
    received.source,
    count(*) as received_count,
    countif(verdicts.verdict = 'accepted') as accepted_count,
    countif(verdicts.verdict = 'duplicate') as duplicate_count,
    countif(verdicts.verdict = 'rejected') as rejected_count,
    countif(verdicts.verdict is null) as unaccounted_count,
    @reconciled_at as reconciled_at
from received
left join verdicts on verdicts.message_id = received.message_id
group by received.known_date, received.source;

commit transaction;
