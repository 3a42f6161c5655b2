-- Publish the facts, computed anew, of the orders that shared an id with an erased one.
-- Grain: one transaction.
-- Sources: pbm_staging. What stood was deleted by delete_patient.sql.

begin transaction;

insert into pbm_gold.fact_order_lifecycle
select *
from pbm_staging.fact_order_lifecycle;

insert into pbm_gold.fact_stage_visits
select *
from pbm_staging.fact_stage_visits;

insert into pbm_gold.fact_patient_feedback
select *
from pbm_staging.fact_patient_feedback;

commit transaction;
