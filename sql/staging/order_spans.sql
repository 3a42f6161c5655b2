-- The spans of dates, as they will be published, of the orders that this build has events of or
-- computes anew.
-- Grain: one row per order.
-- Sources: pbm_vault.judged_messages, pbm_staging.published_spans.

create or replace table pbm_staging.order_spans as
with
    spans as (
        select
            order_id,
            event_date as first_event_date,
            event_date as last_event_date
        from pbm_vault.judged_messages
        where reason_code is null
        union all
        select order_id, first_event_date, last_event_date
        from pbm_staging.published_spans
    )
select
    order_id,
    min(first_event_date) as first_event_date,
    max(last_event_date) as last_event_date
from spans
group by order_id;
