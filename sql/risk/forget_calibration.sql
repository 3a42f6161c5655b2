-- Forget the weeks that are measured anew.
-- Grain: one statement. Sources: pbm_ops.risk_calibration. Parameter: first_date (their first Monday).

delete from pbm_ops.risk_calibration
where week_start_date >= @first_date;
