-- Dead letters and what became of their replays: open, refused again, or accepted.
-- Grain: one row per refused message that is no replay itself.
-- Sources: pbm_ops.dead_letters, pbm_bronze.raw_orders.
-- Parameters: first_date (known_date, UTC).

with
    letters as (
        select
            message_id,
            known_date,
            source,
            reason_code,
            detail,
            publish_time,
            refused_at
        from pbm_ops.dead_letters
        where known_date >= @first_date
        qualify row_number() over (partition by message_id order by refused_at) = 1
    ),
    replays as (
        select distinct
            json_value(attributes, '$.replay_of') as message_id,
            message_id as replay_id
        from pbm_bronze.raw_orders
        where known_date >= @first_date and json_value(attributes, '$.replay_of') is not null
    ),
    outcomes as (
        select
            replays.message_id,
            count(*) as replay_count,
            countif(letters.message_id is null) as accepted_count
        from replays
        left join letters on letters.message_id = replays.replay_id
        group by replays.message_id
    )
select
    letters.message_id,
    letters.known_date,
    letters.source,
    letters.reason_code,
    letters.detail,
    letters.publish_time,
    letters.refused_at,
    coalesce(outcomes.replay_count, 0) as replay_count,
    case
        when outcomes.accepted_count > 0 then 'accepted'
        when outcomes.replay_count > 0 then 'refused again'
        else 'open'
    end as status
from letters
left join outcomes on outcomes.message_id = letters.message_id
left join replays on replays.replay_id = letters.message_id
where replays.replay_id is null
order by letters.refused_at, letters.message_id;
