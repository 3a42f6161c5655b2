-- How honest a forecast turned out in its newest week.
-- Grain: one row, or none. Sources: pbm_ops.risk_calibration. Parameter: model_version.

select *
from pbm_ops.risk_calibration
where model_version = @model_version
order by week_start_date desc
limit 1;
