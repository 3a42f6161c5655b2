-- The verdicts of a staged run.
-- Grain: one row per verdict and source attribute.

select 'accepted' as verdict, judged.attribute_source as source, count(*) as message_count
from pbm_staging.stg_order_events as staged
inner join pbm_staging.judged_messages as judged on judged.message_id = staged.message_id
group by judged.attribute_source
union all
select
    if(rejected.reason_code = 'duplicate', 'duplicate', 'rejected') as verdict,
    judged.attribute_source as source,
    count(*) as message_count
from pbm_staging.rejected_events as rejected
inner join pbm_staging.judged_messages as judged on judged.message_id = rejected.message_id
group by verdict, source
order by verdict, source;
