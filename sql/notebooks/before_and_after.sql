-- One message as it came and as silver will hold it.
-- Grain: one row.

select
    messages.payload as before_payload,
    to_json_string(staged) as after_event
from pbm_staging.stg_order_events as staged
inner join pbm_vault.new_messages as messages on messages.message_id = staged.message_id
where staged.event_type = 'referral_received'
order by staged.known_at, staged.event_id
limit 1;
