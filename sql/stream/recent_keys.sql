-- The keys of the newest events that entered a stage: those whose copies the counts must know.
-- Grain: one row per distinct event, those that were received last at the end.
-- Parameters: since (event time, UTC); key_count, how many at most.

with
    newest as (
        select source, event_id, max(ingested_at) as received_at
        from pbm_live.order_events
        where event_date >= date(@since) and event_at >= @since and stage is not null
        group by source, event_id
        order by received_at desc, source, event_id
        limit @key_count
    )
select source, event_id
from newest
order by received_at, source, event_id;
