-- What each day brought: orders received, shipped, delivered and cancelled.
-- Grain: one row per day (UTC) on which anything happened.
-- Sources: pbm_gold.fact_order_lifecycle. Cells of 1 to 10 orders are null, and where a week has one
-- such day alone, its next smallest, too (privacy/suppressed_cells.sql).

create or replace view pbm_reporting.order_days (
    report_date options (description = 'Day, UTC'),
    received_count options (description = 'Orders whose referral was received; null: suppressed'),
    shipped_count options (description = 'Orders that were shipped; null: suppressed'),
    delivered_count options (description = 'Orders that were delivered; null: suppressed'),
    cancelled_count options (description = 'Orders that were cancelled; null: suppressed'),
    is_suppressed options (description = 'True where any count of the day is suppressed')
)
options (description = 'One row per day: orders in and out; small cells suppressed')
as
with
    moments as (
        select date(received_at) as report_date, 'received' as milestone
        from pbm_gold.fact_order_lifecycle
        where received_at is not null
        union all
        select date(shipped_at) as report_date, 'shipped' as milestone
        from pbm_gold.fact_order_lifecycle
        where shipped_at is not null
        union all
        select date(delivered_at) as report_date, 'delivered' as milestone
        from pbm_gold.fact_order_lifecycle
        where status = 'delivered' and delivered_at is not null
        union all
        select date(cancelled_at) as report_date, 'cancelled' as milestone
        from pbm_gold.fact_order_lifecycle
        where status = 'cancelled' and cancelled_at is not null
    ),
    cells as (
        select
            concat(milestone, ' ', cast(date_trunc(report_date, isoweek) as string)) as block,
            cast(report_date as string) as cell,
            min(report_date) as report_date,
            min(milestone) as milestone,
            count(*) as n
        from moments
        group by block, cell
    ),
    judged_cells as (
        -- include privacy/suppressed_cells.sql
    ),
    shown as (
        select
            cells.report_date,
            cells.milestone,
            judged_cells.is_suppressed,
            if(judged_cells.is_suppressed, null, cells.n) as n
        from cells
        inner join judged_cells
            on judged_cells.block = cells.block and judged_cells.cell = cells.cell
    ),
    days as (
        select
            report_date,
            max(if(milestone = 'received', n, null)) as received_count,
            max(if(milestone = 'shipped', n, null)) as shipped_count,
            max(if(milestone = 'delivered', n, null)) as delivered_count,
            max(if(milestone = 'cancelled', n, null)) as cancelled_count,
            countif(milestone = 'received') as received_rows,
            countif(milestone = 'shipped') as shipped_rows,
            countif(milestone = 'delivered') as delivered_rows,
            countif(milestone = 'cancelled') as cancelled_rows,
            logical_or(is_suppressed) as is_suppressed
        from shown
        group by report_date
    )
select
    report_date,
    if(received_rows = 0, 0, received_count) as received_count,
    if(shipped_rows = 0, 0, shipped_count) as shipped_count,
    if(delivered_rows = 0, 0, delivered_count) as delivered_count,
    if(cancelled_rows = 0, 0, cancelled_count) as cancelled_count,
    is_suppressed
from days;
