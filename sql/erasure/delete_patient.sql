-- Delete a patient's rows of every table, and balance the ledger of the days they were counted in.
-- Grain: one transaction.
-- Sources: pbm_vault.erased_orders, pbm_vault.erased_messages.
-- Parameters: patient_id, patient_key, erasure_id, completed_at, deleted_row_count.
-- Facts of an order id that several patients' orders share go, too: publish_shared.sql brings back
-- those of the others, and the truth of a reused id, which is another's then, is no longer compared.

begin transaction;

update pbm_ops.reconciliation as ledger
set
    received_count = ledger.received_count - erased.received_count,
    accepted_count = ledger.accepted_count - erased.accepted_count,
    duplicate_count = ledger.duplicate_count - erased.duplicate_count,
    rejected_count = ledger.rejected_count - erased.rejected_count
from (
    select
        received.known_date,
        received.source,
        count(*) as received_count,
        countif(accepted.message_id is not null) as accepted_count,
        countif(rejected.reason_code = 'duplicate') as duplicate_count,
        countif(rejected.reason_code != 'duplicate') as rejected_count
    from (
        select
            raw_orders.message_id,
            min(raw_orders.known_date) as known_date,
            min(coalesce(raw_orders.source, '')) as source
        from pbm_bronze.raw_orders as raw_orders
        inner join (select distinct message_id from pbm_vault.erased_messages) as erased_messages
            on erased_messages.message_id = raw_orders.message_id
        where raw_orders.known_date >= date '1970-01-01'
        group by raw_orders.message_id
    ) as received
    left join pbm_silver.stg_order_events as accepted
        on accepted.message_id = received.message_id
    left join pbm_silver.rejected_events as rejected
        on rejected.message_id = received.message_id
    where accepted.message_id is not null or rejected.message_id is not null
    group by received.known_date, received.source
) as erased
where ledger.known_date = erased.known_date and ledger.source = erased.source;

delete from pbm_ops.reconciliation
where received_count = 0;

update pbm_ops.quality_results as results
set example = ''
where exists (
    select 1
    from pbm_vault.erased_orders as orders
    where strpos(results.example, orders.reported_order_id) > 0
);

delete from pbm_bronze.raw_orders
where
    known_date >= date '1970-01-01'
    and message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_bronze.oms_patients
where patient_id = @patient_id;

delete from pbm_bronze.oms_orders
where patient_id = @patient_id;

delete from pbm_silver.stg_order_events
where message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_silver.rejected_events
where message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_silver.order_spans
where order_id in (select reported_order_id from pbm_vault.erased_orders);

insert into pbm_silver.order_spans (order_id, first_event_date, last_event_date)
select
    order_id,
    min(event_date) as first_event_date,
    max(event_date) as last_event_date
from pbm_silver.stg_order_events
where order_id in (select reported_order_id from pbm_vault.erased_orders)
group by order_id;

delete from pbm_gold.fact_order_lifecycle
where reported_order_id in (select reported_order_id from pbm_vault.erased_orders);

delete from pbm_gold.fact_stage_visits
where reported_order_id in (select reported_order_id from pbm_vault.erased_orders);

delete from pbm_gold.fact_patient_feedback
where
    patient_key = @patient_key
    or reported_order_id in (select reported_order_id from pbm_vault.erased_orders);

delete from pbm_gold.dim_patients
where patient_key = @patient_key;

delete from pbm_live.order_events
where message_id in (select message_id from pbm_vault.erased_messages);

delete from pbm_ops.alerts
where
    regexp_replace(subject, r' [(][0-9]+[)]$', '') in (
        select reported_order_id from pbm_vault.erased_orders
    );

delete from pbm_ops.risk_forecasts
where
    regexp_replace(order_id, r' [(][0-9]+[)]$', '') in (
        select reported_order_id from pbm_vault.erased_orders
    );

delete from pbm_ops.risk_scores
where
    regexp_replace(order_id, r' [(][0-9]+[)]$', '') in (
        select reported_order_id from pbm_vault.erased_orders
    );

delete from pbm_vault.patient_keys
where patient_id = @patient_id;

delete from pbm_truth.orders
where
    patient_id != @patient_id
    and order_id in (
        select knowable_orders.of_order_id
        from pbm_truth.knowable_orders as knowable_orders
        inner join pbm_vault.erased_orders as erased_orders
            on erased_orders.order_id = knowable_orders.order_id
        where erased_orders.is_shared
    );

delete from pbm_truth.knowable_orders
where
    order_id in (select order_id from pbm_vault.erased_orders)
    or of_order_id in (select order_id from pbm_truth.orders where patient_id = @patient_id);

delete from pbm_truth.orders
where patient_id = @patient_id;

delete from pbm_truth.defects
where
    order_id in (
        select reported_order_id from pbm_vault.erased_orders where not is_shared
    );

update pbm_vault.erasures
set completed_at = @completed_at, deleted_row_count = @deleted_row_count
where erasure_id = @erasure_id;

commit transaction;
