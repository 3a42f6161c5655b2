-- The messages that the erasure that runs takes away; empty when none does.
-- Grain: one row per message.
-- Sources: sql/erasure/find_messages.sql, find_returned.sql. Restricted.

create table if not exists pbm_vault.erased_messages (
    message_id string not null options (description = 'Message in bronze'),
    source string options (description = 'Source of its event; null where it was not accepted'),
    event_id string options (description = 'Its event; null where it was not accepted')
)
options (description = 'Working table of an erasure; restricted');
