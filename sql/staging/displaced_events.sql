-- The events in silver that copies of this build take the place of.
-- Grain: one row per such event (source, event_id).
-- Sources: pbm_staging.published_copies, pbm_staging.stg_order_events.

create or replace table pbm_staging.displaced_events as
select published.*
from pbm_staging.published_copies as published
inner join pbm_staging.stg_order_events as staged
    on staged.source = published.source and staged.event_id = published.event_id;
