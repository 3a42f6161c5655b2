-- Empty the erasure's own lists once all is deleted.
-- Grain: the vault's working tables of an erasure.

delete from pbm_vault.erased_messages
where true;

delete from pbm_vault.erased_orders
where true;
