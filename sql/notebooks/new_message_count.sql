-- How many messages a staged run has judged.
-- Grain: one row.

select count(*) as message_count
from pbm_vault.judged_messages;
