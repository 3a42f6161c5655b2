-- Forget every forecast but one.
-- Grain: one statement. Sources: pbm_ops.risk_samples. Parameter: model_version, which stays.

delete from pbm_ops.risk_samples
where model_version != @model_version;
