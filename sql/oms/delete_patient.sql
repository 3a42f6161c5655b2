-- Delete a patient's orders and the patient, in one statement. PostgreSQL.
-- Parameter: patient_id. Returns one row: how many orders and patients were deleted.

with
    deleted_orders as (
        delete from orders
        where patient_id = %(patient_id)s
        returning order_id
    ),
    deleted_patients as (
        delete from patients
        where patient_id = %(patient_id)s
        returning patient_id
    )
select
    (select count(*) from deleted_orders) as orders,
    (select count(*) from deleted_patients) as patients
