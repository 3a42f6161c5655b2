-- Take away the truth of one simulation, before it is written anew.
-- Sources: none. Parameters: @simulation_id.

delete from pbm_truth.orders where simulation_id = @simulation_id;

delete from pbm_truth.defects where simulation_id = @simulation_id;
