-- How many messages the erasure that runs takes away.
-- Grain: one row.
-- Sources: pbm_vault.erased_messages.

select count(distinct message_id) as message_count
from pbm_vault.erased_messages;
