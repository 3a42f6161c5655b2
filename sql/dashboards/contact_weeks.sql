-- Why patients called or complained, for the page.
-- Grain: one row per week (of the contact), kind of contact and reason.
-- Sources: pbm_reporting.contacts (small cells are suppressed there).

select
    week_date,
    contact_kind,
    reason,
    contact_count,
    is_suppressed
from pbm_reporting.contacts
order by week_date, contact_kind, reason;
