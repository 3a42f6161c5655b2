-- Alerts that are open, and those closed since an instant.
-- Grain: one row per alert. Sources: pbm_ops.alerts. Parameter: since (UTC).

select *
from pbm_ops.alerts
where closed_at is null or closed_at >= @since
order by opened_at, alert_id;
