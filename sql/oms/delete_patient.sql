-- Delete a patient's orders, what waits to be told of them, and the patient, in one statement. PostgreSQL.
-- Parameter: patient_id. Returns one row: how many orders and patients were deleted.

with
    deleted_events as (
        delete from outbox
        where order_id in (select order_id from orders where patient_id = %(patient_id)s)
    ),
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
