-- Why patients called or complained, week by week.
-- Grain: one row per week, kind of contact and reason.
-- Sources: pbm_gold.fact_patient_feedback. Cells of 1 to 10 contacts are null, and where a week has one
-- such reason alone, its next smallest, too (privacy/suppressed_cells.sql).

create or replace view pbm_reporting.contacts (
    week_date options (description = 'Monday of the ISO week of the contact, UTC'),
    contact_kind options (description = 'call, complaint or excursion_claimed'),
    reason options (description = 'Reason code; not stated where none'),
    contact_count options (description = 'Contacts; null: suppressed'),
    is_suppressed options (description = 'True where the count is suppressed')
)
options (description = 'One row per week, kind and reason: calls and complaints; small cells suppressed')
as
with
    contacts as (
        select
            date_trunc(occurred_date, isoweek) as week_date,
            feedback_type as contact_kind,
            coalesce(reason, 'not stated') as reason
        from pbm_gold.fact_patient_feedback
        where feedback_type != 'survey'
    ),
    cells as (
        select
            concat(contact_kind, ' ', cast(week_date as string)) as block,
            reason as cell,
            min(week_date) as week_date,
            min(contact_kind) as contact_kind,
            count(*) as n
        from contacts
        group by block, cell
    ),
    judged_cells as (
        -- include privacy/suppressed_cells.sql
    )
select
    cells.week_date,
    cells.contact_kind,
    cells.cell as reason,
    if(judged_cells.is_suppressed, null, cells.n) as contact_count,
    judged_cells.is_suppressed
from cells
inner join judged_cells on judged_cells.block = cells.block and judged_cells.cell = cells.cell;
