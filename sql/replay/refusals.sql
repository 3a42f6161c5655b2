-- The messages known on a day that stream or batch refused; copies of events, which only the batch
-- refuses, are left out, as are dead letters of messages that an erasure has taken since.
-- Grain: one row per message, and two where stream and batch gave different reasons.
-- Sources: pbm_ops.dead_letters, pbm_silver.rejected_events, pbm_bronze.raw_orders.
-- Parameters: known_date (UTC).

with
    refusals as (
        select message_id, reason_code, detail
        from pbm_ops.dead_letters
        where known_date = @known_date
        union distinct
        select message_id, reason_code, detail
        from pbm_silver.rejected_events
        where known_date = @known_date and reason_code != 'duplicate'
    ),
    messages as (
        select distinct message_id
        from pbm_bronze.raw_orders
        where known_date = @known_date
    )
select refusals.message_id, refusals.reason_code, refusals.detail
from refusals
inner join messages on messages.message_id = refusals.message_id;
