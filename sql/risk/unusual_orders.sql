-- The orders whose events need a look at each other before they count: one came in several copies,
-- or two patients were referred under the order's id. Of all others each event counts as it stands,
-- but for what a correction names.
-- Grain: one row per order. Sources and parameter: those of risk/told_events.sql.

select copies.order_id
from (
    -- include risk/told_events.sql
) as copies
inner join (
    select source, event_id
    from (
        -- include risk/told_events.sql
    ) as told_events
    group by source, event_id
    having count(*) > 1
) as copied
    on copied.source = copies.source and copied.event_id = copies.event_id
union distinct
select order_id
from (
    -- include risk/told_events.sql
) as referrals
where event_type = 'referral_received' and patient_key is not null
group by order_id
having min(patient_key) != max(patient_key);
