-- From when until when each order has events: what leads a build to the partitions of an old order.
-- Grain: one row per order id as the sources report it, of which an event was accepted.
-- Sources: pbm_vault.judged_messages. Partition: last_event_date, cluster: order_id. Freshness:
-- each build. The span holds the dates of all copies of the order's events, those that do not stand
-- included.

create table if not exists pbm_silver.order_spans (
    order_id string not null options (description = 'Order id as the sources report it'),
    first_event_date date not null options (description = 'UTC date of its earliest event'),
    last_event_date date not null options (description = 'UTC date of its latest event; partition')
)
partition by last_event_date
cluster by order_id
options (description = 'One row per order: the dates that its events span');
