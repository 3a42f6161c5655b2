-- How early the data warned before the patient called, for the page.
-- Grain: one row per week (of the call).
-- Sources: pbm_reporting.warnings_before_calls (small cells are suppressed there).

select
    week_date,
    call_count,
    warned_count,
    median_lead_hours,
    is_suppressed
from pbm_reporting.warnings_before_calls
order by week_date;
