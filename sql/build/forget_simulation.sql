-- Take away the truth of one simulation, before it is written anew.
-- Grain: all rows of one simulation. Sources: none. Parameters: @simulation_id.

delete from pbm_truth.orders where simulation_id = @simulation_id;

delete from pbm_truth.defects where simulation_id = @simulation_id;

delete from pbm_truth.scenarios where simulation_id = @simulation_id;

delete from pbm_truth.knowable_orders where simulation_id = @simulation_id;
