-- Forget every forecast but one. Parameter: model_version, the one that stays.

delete from pbm_ops.risk_samples
where model_version != @model_version;
