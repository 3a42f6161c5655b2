-- Publish what a run has staged: silver, gold, dimensions and the mark, all or nothing.
-- Grain: one transaction.
-- Parameters: run_id, run_date, finished_at; the partitions that hold what goes: copy_dates (events
-- of silver whose place is taken), span_dates (spans of orders, as they were), order_dates (rows of
-- touched orders), live_dates (events of live), live_known_date (from which on messages of live are
-- known), first_date (from which on the run's messages are known). Live rows go once they lie two
-- days and more below the mark and silver accounts for them.

begin transaction;

delete from pbm_silver.stg_order_events
where
    event_date in unnest(@copy_dates)
    and message_id in (select message_id from pbm_staging.displaced_events);

insert into pbm_silver.stg_order_events
select *
from pbm_staging.stg_order_events;

delete from pbm_silver.rejected_events
where
    known_date >= @first_date
    and (
        message_id in (select message_id from pbm_staging.rejected_events)
        or message_id in (select message_id from pbm_staging.stg_order_events)
    );

insert into pbm_silver.rejected_events
select *
from pbm_staging.rejected_events;

delete from pbm_silver.order_spans
where
    last_event_date in unnest(@span_dates)
    and order_id in (select order_id from pbm_staging.order_spans);

insert into pbm_silver.order_spans
select *
from pbm_staging.order_spans;

insert into pbm_ops.run_event_dates (run_id, run_date, event_date)
select distinct @run_id, @run_date, event_date
from pbm_vault.judged_messages
where reason_code is null;

delete from pbm_gold.fact_order_lifecycle
where
    received_date in unnest(@order_dates)
    and reported_order_id in (select order_id from pbm_staging.touched_orders);

insert into pbm_gold.fact_order_lifecycle
select *
from pbm_staging.fact_order_lifecycle;

delete from pbm_gold.fact_stage_visits
where
    entered_date in unnest(@order_dates)
    and reported_order_id in (select order_id from pbm_staging.touched_orders);

insert into pbm_gold.fact_stage_visits
select *
from pbm_staging.fact_stage_visits;

delete from pbm_gold.fact_patient_feedback
where
    occurred_date in unnest(@order_dates)
    and reported_order_id in (select order_id from pbm_staging.touched_orders);

insert into pbm_gold.fact_patient_feedback
select *
from pbm_staging.fact_patient_feedback;

delete from pbm_gold.dim_patients
where true;

insert into pbm_gold.dim_patients
select *
from pbm_staging.dim_patients;

delete from pbm_gold.dim_drugs
where true;

insert into pbm_gold.dim_drugs
select *
from pbm_staging.dim_drugs;

delete from pbm_gold.dim_pharmacies
where true;

insert into pbm_gold.dim_pharmacies
select *
from pbm_staging.dim_pharmacies;

update pbm_ops.batch_runs
set status = 'published', finished_at = @finished_at
where run_date = @run_date and run_id = @run_id;

delete from pbm_live.order_events
where
    date(known_at) < date_sub((select high_water_date from pbm_ops.high_water_mark), interval 2 day)
    and (
        message_id in (
            select message_id
            from pbm_silver.stg_order_events
            where event_date in unnest(@live_dates)
        )
        or message_id in (
            select message_id
            from pbm_silver.rejected_events
            where known_date >= @live_known_date
        )
    );

commit transaction;
