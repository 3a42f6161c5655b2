-- The messages that a stream refused, known on a day.
-- Grain: one row per message.
-- Sources: pbm_ops.dead_letters (in a replay: the scratch one).
-- Parameters: known_date (UTC).

select distinct message_id, reason_code, detail
from pbm_ops.dead_letters
where known_date = @known_date;
