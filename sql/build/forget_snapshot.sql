-- Remove a day's snapshot of the order-management database, before it is landed again.
-- Grain: one transaction.
-- Parameters: snapshot_date.

begin transaction;

delete from pbm_bronze.oms_patients
where snapshot_date = @snapshot_date;

delete from pbm_bronze.oms_drugs
where snapshot_date = @snapshot_date;

delete from pbm_bronze.oms_pharmacies
where snapshot_date = @snapshot_date;

delete from pbm_bronze.oms_prescribers
where snapshot_date = @snapshot_date;

delete from pbm_bronze.oms_payers
where snapshot_date = @snapshot_date;

delete from pbm_bronze.oms_orders
where snapshot_date = @snapshot_date;

commit transaction;
