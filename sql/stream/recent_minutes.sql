-- The stages entered in each recent minute, as the live table knows them: what a killed stream forgot.
-- Grain: one row per minute, stage, pharmacy and carrier.
-- Parameters: since (event time, UTC).

with
    distinct_events as (
        select event_at, stage, pharmacy_id, carrier
        from pbm_live.order_events
        where event_date >= date(@since) and event_at >= @since and stage is not null
        qualify
            row_number() over (
                partition by source, event_id order by known_at, message_id, ingested_at
            ) = 1
    )
select
    timestamp_trunc(event_at, minute) as minute_at,
    stage,
    coalesce(pharmacy_id, '') as pharmacy_id,
    coalesce(carrier, '') as carrier,
    count(*) as event_count
from distinct_events
group by minute_at, stage, pharmacy_id, carrier;
