-- How many rows of each table an erasure is about to delete (or, of shared orders, to make anew).
-- Grain: one row per table.
-- Sources: every table that can lead to a patient. Parameters: patient_id, patient_key.

select 'bronze.raw_orders' as table_name, count(*) as row_count
from pbm_bronze.raw_orders
where
    known_date >= date '1970-01-01'
    and message_id in (select message_id from pbm_vault.erased_messages)
union all
select 'bronze.oms_patients' as table_name, count(*) as row_count
from pbm_bronze.oms_patients
where patient_id = @patient_id
union all
select 'bronze.oms_orders' as table_name, count(*) as row_count
from pbm_bronze.oms_orders
where patient_id = @patient_id
union all
select 'silver.stg_order_events' as table_name, count(*) as row_count
from pbm_silver.stg_order_events
where
    message_id in (select message_id from pbm_vault.erased_messages)
union all
select 'silver.rejected_events' as table_name, count(*) as row_count
from pbm_silver.rejected_events
where
    message_id in (select message_id from pbm_vault.erased_messages)
union all
select 'silver.order_spans' as table_name, count(*) as row_count
from pbm_silver.order_spans
where order_id in (select reported_order_id from pbm_vault.erased_orders)
union all
select 'gold.fact_order_lifecycle' as table_name, count(*) as row_count
from pbm_gold.fact_order_lifecycle
where
    reported_order_id in (select reported_order_id from pbm_vault.erased_orders)
union all
select 'gold.fact_stage_visits' as table_name, count(*) as row_count
from pbm_gold.fact_stage_visits
where
    reported_order_id in (select reported_order_id from pbm_vault.erased_orders)
union all
select 'gold.fact_patient_feedback' as table_name, count(*) as row_count
from pbm_gold.fact_patient_feedback
where
    patient_key = @patient_key
    or reported_order_id in (select reported_order_id from pbm_vault.erased_orders)
union all
select 'gold.dim_patients' as table_name, count(*) as row_count
from pbm_gold.dim_patients
where patient_key = @patient_key
union all
select 'live.order_events' as table_name, count(*) as row_count
from pbm_live.order_events
where
    message_id in (select message_id from pbm_vault.erased_messages)
union all
select 'ops.alerts' as table_name, count(*) as row_count
from pbm_ops.alerts
where
    regexp_replace(subject, r' [(][0-9]+[)]$', '') in (
        select reported_order_id from pbm_vault.erased_orders
    )
union all
select 'ops.risk_forecasts' as table_name, count(*) as row_count
from pbm_ops.risk_forecasts
where
    regexp_replace(order_id, r' [(][0-9]+[)]$', '') in (
        select reported_order_id from pbm_vault.erased_orders
    )
union all
select 'ops.risk_scores' as table_name, count(*) as row_count
from pbm_ops.risk_scores
where
    regexp_replace(order_id, r' [(][0-9]+[)]$', '') in (
        select reported_order_id from pbm_vault.erased_orders
    )
union all
select 'vault.patient_keys' as table_name, count(*) as row_count
from pbm_vault.patient_keys
where patient_id = @patient_id
union all
select 'truth.orders' as table_name, count(*) as row_count
from pbm_truth.orders
where
    patient_id = @patient_id
    or order_id in (
        select knowable_orders.of_order_id
        from pbm_truth.knowable_orders as knowable_orders
        inner join pbm_vault.erased_orders as erased_orders
            on erased_orders.order_id = knowable_orders.order_id
        where erased_orders.is_shared
    )
union all
select 'truth.knowable_orders' as table_name, count(*) as row_count
from pbm_truth.knowable_orders
where
    order_id in (select order_id from pbm_vault.erased_orders)
    or of_order_id in (select order_id from pbm_truth.orders where patient_id = @patient_id)
union all
select 'truth.defects' as table_name, count(*) as row_count
from pbm_truth.defects
where
    order_id in (
        select reported_order_id from pbm_vault.erased_orders where not is_shared
    )
order by table_name;
