-- Forget the weeks that are measured anew. Parameter: first_date (Monday of the first of them).

delete from pbm_ops.risk_calibration
where week_start_date >= @first_date;
