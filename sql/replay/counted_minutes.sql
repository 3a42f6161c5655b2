-- The minutes that a replay counted, as readers take them.
-- Grain: one row per minute, stage, pharmacy and carrier: the last pane.
-- Sources: pbm_live.stage_minutes (in a replay: the scratch one).

select minute_at, stage, pharmacy_id, carrier, event_count
from pbm_live.stage_minutes
qualify
    row_number() over (
        partition by minute_at, stage, pharmacy_id, carrier order by emitted_at desc, event_count desc
    ) = 1;
