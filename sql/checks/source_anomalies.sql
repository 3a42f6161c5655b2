-- Sources that sent unlike themselves on a day: how many messages, what share of all, until when.
-- No row is good.
-- Grain: one row per source and check.
-- Sources: pbm_ops.reconciliation, pbm_silver.stg_order_events. Parameter: run_date.
-- A day is held against the same weekdays of the four weeks before it, since arrivals follow the
-- week; it wants two such days of 50 messages and more. Columns: check_name, severity, row_key,
-- detail.

with
    trailing_days as (
        select
            date_sub(@run_date, interval 7 * week_number day) as known_date
        from unnest([0, 1, 2, 3, 4]) as week_number
    ),
    day_counts as (
        select
            ledger.known_date,
            ledger.source,
            ledger.received_count,
            sum(ledger.received_count) over (partition by ledger.known_date) as total_count
        from pbm_ops.reconciliation as ledger
        inner join trailing_days on trailing_days.known_date = ledger.known_date
        where ledger.known_date between date_sub(@run_date, interval 28 day) and @run_date
    ),
    usual as (
        select distinct
            source,
            count(*) over (partition by source) as day_count,
            percentile_cont(received_count, 0.5) over (partition by source) as usual_count,
            percentile_cont(received_count / total_count, 0.5) over (
                partition by source
            ) as usual_share
        from day_counts
        where known_date < @run_date
    ),
    compared as (
        select
            usual.source,
            usual.usual_count,
            usual.usual_share,
            coalesce(today.received_count, 0) as received_count,
            coalesce(today.received_count / today.total_count, 0) as received_share
        from usual
        left join day_counts as today
            on today.source = usual.source and today.known_date = @run_date
        where usual.day_count >= 2 and usual.usual_count >= 50
    ),
    events as (
        select
            date(known_at) as known_date,
            source,
            known_at
        from pbm_silver.stg_order_events
        where
            event_date between date_sub(@run_date, interval 30 day)
            and date_add(@run_date, interval 1 day)
    ),
    last_messages as (
        select
            events.known_date,
            events.source,
            timestamp_diff(
                timestamp(date_add(events.known_date, interval 1 day)),
                max(events.known_at),
                minute
            ) as silent_minutes
        from events
        inner join trailing_days on trailing_days.known_date = events.known_date
        group by events.known_date, events.source
    ),
    usual_silence as (
        select
            source,
            max(silent_minutes) as longest_minutes
        from last_messages
        where known_date < @run_date
        group by source
        having count(*) >= 2
    )
select
    'a source sends as many messages as on the same weekdays before' as check_name,
    'warn' as severity,
    source as row_key,
    concat(
        cast(received_count as string),
        ' messages; usually ',
        cast(cast(round(usual_count) as int64) as string)
    ) as detail
from compared
where received_count < 0.5 * usual_count or received_count > 2 * usual_count
union all
select
    'a source has the share of all messages that it had on the same weekdays before' as check_name,
    'warn' as severity,
    source as row_key,
    concat(
        cast(cast(round(100 * received_share) as int64) as string),
        ' % of the messages; usually ',
        cast(cast(round(100 * usual_share) as int64) as string),
        ' %'
    ) as detail
from compared
where abs(received_share - usual_share) > 0.1
union all
select
    'a source is heard until the end of the day as on the same weekdays before' as check_name,
    'warn' as severity,
    usual_silence.source as row_key,
    concat(
        'silent for the last ',
        cast(coalesce(last_messages.silent_minutes, 1440) as string),
        ' minutes; at most ',
        cast(usual_silence.longest_minutes as string),
        ' before'
    ) as detail
from usual_silence
left join last_messages
    on last_messages.source = usual_silence.source and last_messages.known_date = @run_date
where
    coalesce(last_messages.silent_minutes, 1440) > 2 * usual_silence.longest_minutes
    and coalesce(last_messages.silent_minutes, 1440) > usual_silence.longest_minutes + 120;
