-- The verdicts of a staged run.
-- Grain: one row per verdict and source attribute.

with
    refusals as (
        select
            message_id,
            if(reason_code = 'duplicate', 'duplicate', 'rejected') as verdict
        from pbm_staging.rejected_events
    ),
    verdicts as (
        select
            coalesce(judged.attribute_source, '(none)') as source,
            coalesce(refusals.verdict, 'accepted') as verdict
        from pbm_vault.judged_messages as judged
        left join refusals on refusals.message_id = judged.message_id
    )
select verdict, source, count(*) as message_count
from verdicts
group by verdict, source
order by verdict, source;
