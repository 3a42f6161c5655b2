-- Take away alerts whose rows are written anew.
-- Grain: one statement. Sources: pbm_ops.alerts. Parameter: alert_ids.

delete from pbm_ops.alerts
where alert_id in unnest(@alert_ids);
