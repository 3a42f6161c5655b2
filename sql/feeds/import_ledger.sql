-- What became of an import's messages, once their days are built.
-- Grain: one row per verdict, reason and detail; each message of the import is in one of them.
-- Parameters: import_id; first_date, last_date (known_date, both included).
-- Columns: verdict (accepted, duplicate, rejected, unaccounted), reason_code, detail (the field,
-- none of a duplicate), message_count.

with
    received as (
        select distinct message_id
        from pbm_bronze.raw_orders
        where
            known_date between @first_date and @last_date
            and json_value(attributes, '$.import_id') = @import_id
    ),
    accepted as (
        select message_id from pbm_silver.stg_order_events
    ),
    rejected as (
        select message_id, reason_code, detail from pbm_silver.rejected_events
    ),
    judged as (
        select
            received.message_id,
            case
                when accepted.message_id is not null then 'accepted'
                when rejected.reason_code = 'duplicate' then 'duplicate'
                when rejected.reason_code is not null then 'rejected'
                else 'unaccounted'
            end as verdict,
            rejected.reason_code,
            if(rejected.reason_code = 'duplicate', '', rejected.detail) as detail
        from received
        left join accepted on accepted.message_id = received.message_id
        left join rejected on rejected.message_id = received.message_id
    )
select
    verdict,
    coalesce(reason_code, '') as reason_code,
    coalesce(detail, '') as detail,
    count(*) as message_count
from judged
group by verdict, reason_code, detail
order by verdict, reason_code, detail;
