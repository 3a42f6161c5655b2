-- Take away the truth of some orders of one simulation, before it is written anew.
-- Grain: the rows of some orders. Sources: none. Parameters: @simulation_id, @order_ids,
-- @knowable_order_ids.

delete from pbm_truth.orders
where simulation_id = @simulation_id and order_id in unnest(@order_ids);

delete from pbm_truth.knowable_orders
where simulation_id = @simulation_id and order_id in unnest(@knowable_order_ids);
