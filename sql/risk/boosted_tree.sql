-- Learn a gradient boosting from the newest trial, on BigQuery ML: a candidate beside the forecast.
-- Grain: one model. Sources: pbm_ops.risk_trials. On Google Cloud alone.
-- Options as of the laptop's candidate (tests/benchmarks/risk.py), as far as both have them.

create or replace model pbm_ops.risk_boosted_tree
options (
    model_type = 'BOOSTED_TREE_CLASSIFIER',
    input_label_cols = ['is_missed'],
    tree_method = 'HIST',
    max_iterations = 150,
    learn_rate = 0.08,
    min_tree_child_weight = 40,
    l2_reg = 2.0,
    early_stop = false,
    data_split_method = 'NO_SPLIT'
)
as
select * except (part)
from pbm_ops.risk_trials
where part = 'learnt';
