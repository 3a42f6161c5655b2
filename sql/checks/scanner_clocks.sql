-- Scanners whose clock is off: their scans are known sooner or later after they happened than those
-- of the same event type by other scanners. No row is good.
-- Grain: one row per scanner and event type of 20 scans and more, off by two minutes and more.
-- Parameter: run_date; scans of the four weeks up to it are compared.
-- Columns: check_name, severity (fail or warn), row_key, detail.

with
    delays as (
        select
            scanner_id,
            event_type,
            timestamp_diff(known_at, event_at, second) as delay_seconds
        from pbm_silver.stg_order_events
        where
            scanner_id is not null
            and event_date between date_sub(@run_date, interval 28 day) and @run_date
    ),
    medians as (
        select distinct
            scanner_id,
            event_type,
            count(*) over (partition by scanner_id, event_type) as scan_count,
            percentile_cont(delay_seconds, 0.5) over (
                partition by scanner_id, event_type
            ) as scanner_seconds,
            percentile_cont(delay_seconds, 0.5) over (partition by event_type) as usual_seconds
        from delays
    )
select
    'the clock of the scanner is right' as check_name,
    'warn' as severity,
    scanner_id as row_key,
    concat(
        event_type,
        ' is known ',
        cast(cast(round(scanner_seconds - usual_seconds) as int64) as string),
        ' s later than by other scanners'
    ) as detail
from medians
where scan_count >= 20 and abs(scanner_seconds - usual_seconds) >= 120;
