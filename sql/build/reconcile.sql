-- Balance the ledger of some days: what bronze received against what silver accounts for.
-- Grain: replaces the rows of pbm_ops.reconciliation of the days.
-- Parameters: first_date, last_date (both included), cut_at, reconciled_at, silver_dates (the
-- partitions of silver that hold the messages of these days).
-- A message counts on the day of its first delivery: one that came again on a later day has its
-- verdict on the first.

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
        select
            message_id,
            date(known_at) as known_date,
            'accepted' as verdict
        from pbm_silver.stg_order_events
        where event_date in unnest(@silver_dates)
        union all
        select
            message_id,
            known_date,
            if(reason_code = 'duplicate', 'duplicate', 'rejected') as verdict
        from pbm_silver.rejected_events
        where known_date between date_sub(@first_date, interval 31 day) and @last_date
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
where verdicts.known_date is null or verdicts.known_date >= received.known_date
group by received.known_date, received.source;

commit transaction;
