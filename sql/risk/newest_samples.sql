-- The samples of the forecast that was trained last.
-- Grain: one row per past instant and order that was open then.
-- Sources: pbm_ops.risk_samples.

select *
from pbm_ops.risk_samples
where
    model_version = (
        select any_value(model_version having max trained_until)
        from pbm_ops.risk_samples
    );
