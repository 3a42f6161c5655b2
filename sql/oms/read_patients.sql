-- Patients for a snapshot. PostgreSQL.
-- Grain: one row per patient.

select patient_id, full_name, birth_date, phone, email, street, zip_code, therapy
from patients
order by patient_id;
