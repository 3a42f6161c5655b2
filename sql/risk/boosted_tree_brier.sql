-- Brier score of the gradient boosting on what the newest trial kept from it: the mean squared
-- difference between the chance that it gave and what came (0 or 1).
-- Grain: one row. Sources: pbm_ops.risk_trials, the model pbm_ops.risk_boosted_tree. On Google Cloud
-- alone.

with
    forecasts as (
        select
            is_missed,
            (
                select prob
                from unnest(predicted_is_missed_probs)
                where label = 1
            ) as chance
        from
            ml.predict(
                model pbm_ops.risk_boosted_tree,
                (
                    select * except (part)
                    from pbm_ops.risk_trials
                    where part = 'tried'
                )
            )
    )
select
    count(*) as forecast_count,
    avg(pow(chance - is_missed, 2)) as brier
from forecasts;
