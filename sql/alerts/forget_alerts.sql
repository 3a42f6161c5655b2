-- Take away alerts whose rows are written anew. Parameter: alert_ids.

delete from pbm_ops.alerts
where alert_id in unnest(@alert_ids);
