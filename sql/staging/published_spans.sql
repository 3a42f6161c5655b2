-- The spans of dates, as published, of the orders that this build has events of or computes anew.
-- Grain: one row per such order that silver knows.
-- Sources: pbm_vault.judged_messages, pbm_staging.touched_orders, pbm_silver.order_spans (all of
-- it: an order is touched however old it is).

create or replace table pbm_staging.published_spans as
select
    published.order_id,
    published.first_event_date,
    published.last_event_date
from pbm_silver.order_spans as published
inner join (
    select order_id
    from pbm_vault.judged_messages
    where reason_code is null
    union distinct
    select order_id
    from pbm_staging.touched_orders
) as orders on orders.order_id = published.order_id;
