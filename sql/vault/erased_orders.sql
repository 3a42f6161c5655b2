-- The orders that name the patient of the erasure that runs; empty when none does.
-- Grain: one row per order; an order id that several orders share has a row for each of them.
-- Sources: sql/erasure/find_orders.sql. Restricted.

create table if not exists pbm_vault.erased_orders (
    reported_order_id string not null options (description = 'Order id as the sources reported it'),
    order_id string not null options (description = 'Order, of several that share the id'),
    is_erased bool not null options (description = 'True where it is the erased patient\'s'),
    is_shared bool not null options (description = 'True where another patient has the id, too')
)
options (description = 'Working table of an erasure; restricted');
