-- The newest forecast of each open order.
-- Grain: one row per open order.
-- Sources: risk/features_now.sql by lib/pbm360/risk. Freshness: each scoring, which replaces all.

create table if not exists pbm_ops.risk_scores (
    order_id string not null options (description = 'Order'),
    scored_at timestamp not null options (description = 'Instant of the forecast, UTC'),
    p_miss_sla float64 options (
        description = 'Chance that it is still in the pharmacy when its SLA ends, 0 to 1'
    ),
    p_miss_promise float64 options (
        description = 'Chance that it misses its promise, or the one it will be given, 0 to 1'
    ),
    p_runout float64 options (
        description = 'Chance that the drug ends before the delivery, 0 to 1; null if not known'
    ),
    eta_p50_at timestamp options (description = 'As likely delivered before as after, UTC'),
    eta_p90_at timestamp options (description = 'Delivered by then with chance 0.9, UTC'),
    due_at timestamp options (description = 'End of the SLA of the whole order, UTC'),
    promised_at timestamp options (description = 'Delivery promised last, UTC'),
    stage string options (description = 'Stage at scored_at'),
    pharmacy_id string options (description = 'Pharmacy'),
    carrier string options (description = 'Carrier, empty where none is named'),
    reason_1 string options (description = 'What weighs most, in words'),
    reason_2 string options (description = 'What weighs second'),
    reason_3 string options (description = 'What weighs third'),
    model_version string not null options (description = 'Forecast, or rule where it fell back')
)
options (description = 'One row per open order: its newest forecast');
