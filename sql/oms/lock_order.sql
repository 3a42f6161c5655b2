-- Hold an order's row until the transaction ends, so that its events are written one after another. PostgreSQL.
-- Grain: one row, none where there is no such order. Parameter: order_id.

select order_id from orders where order_id = %(order_id)s for update;
