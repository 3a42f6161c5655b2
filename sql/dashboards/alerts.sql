-- The alerts that are open.
-- Grain: one row per alert.
-- Sources: pbm_ops.alerts.

select alert_id, severity, subject, message, owner, opened_at, acknowledged_by
from pbm_ops.alerts
where closed_at is null
order by opened_at, alert_id;
