-- Where gold differs from what can be known of the simulated orders; no row is good.
-- Grain: one row per order and column that differ, and per order whose difference from the truth no
-- defect explains.
-- Sources: pbm_truth.orders, .knowable_orders, .defects, pbm_gold.fact_order_lifecycle.
-- Columns: check_name, severity, row_key, detail. Gold must have an order as it truly was, or,
-- where a defect hides something of it, exactly as pbm_truth.knowable_orders says.

with
    expected as (
        select
            orders.order_id,
            orders.pharmacy_id,
            orders.drug_ndc,
            orders.carrier,
            orders.stage,
            orders.status,
            orders.received_at,
            orders.intake_completed_at,
            orders.benefits_completed_at,
            orders.prior_authorization_submitted_at,
            orders.prior_authorization_decided_at,
            orders.clinical_verified_at,
            orders.filled_at,
            orders.packed_at,
            orders.shipped_at,
            orders.delivered_at,
            orders.cancelled_at,
            orders.promised_at,
            orders.event_count
        from pbm_truth.orders as orders
        left join pbm_truth.knowable_orders as knowable_orders
            on knowable_orders.of_order_id = orders.order_id and not knowable_orders.is_phantom
        where knowable_orders.order_id is null
        union all
        select
            order_id,
            pharmacy_id,
            drug_ndc,
            carrier,
            stage,
            status,
            received_at,
            intake_completed_at,
            benefits_completed_at,
            prior_authorization_submitted_at,
            prior_authorization_decided_at,
            clinical_verified_at,
            filled_at,
            packed_at,
            shipped_at,
            delivered_at,
            cancelled_at,
            promised_at,
            event_count
        from pbm_truth.knowable_orders
    ),
    pairs as (
        select
            expected.order_id,
            expected.pharmacy_id as expected_pharmacy_id,
            fact.pharmacy_id,
            expected.drug_ndc as expected_drug_ndc,
            fact.drug_ndc,
            expected.carrier as expected_carrier,
            fact.carrier,
            expected.stage as expected_stage,
            fact.stage,
            expected.status as expected_status,
            fact.status,
            expected.received_at as expected_received_at,
            fact.received_at,
            expected.intake_completed_at as expected_intake_completed_at,
            fact.intake_completed_at,
            expected.benefits_completed_at as expected_benefits_completed_at,
            fact.benefits_completed_at,
            expected.prior_authorization_submitted_at as expected_prior_authorization_submitted_at,
            fact.prior_authorization_submitted_at,
            expected.prior_authorization_decided_at as expected_prior_authorization_decided_at,
            fact.prior_authorization_decided_at,
            expected.clinical_verified_at as expected_clinical_verified_at,
            fact.clinical_verified_at,
            expected.filled_at as expected_filled_at,
            fact.filled_at,
            expected.packed_at as expected_packed_at,
            fact.packed_at,
            expected.shipped_at as expected_shipped_at,
            fact.shipped_at,
            expected.delivered_at as expected_delivered_at,
            fact.delivered_at,
            expected.cancelled_at as expected_cancelled_at,
            fact.cancelled_at,
            expected.promised_at as expected_promised_at,
            fact.promised_at,
            expected.event_count as expected_event_count,
            fact.event_count
        from expected
        left join pbm_gold.fact_order_lifecycle as fact on fact.order_id = expected.order_id
    ),
    differences as (
        select
            order_id,
            'received_at' as column_name,
            cast(expected_received_at as string) as expected_value,
            cast(received_at as string) as gold_value
        from pairs
        where expected_received_at is distinct from received_at
        union all
        select
            order_id,
            'intake_completed_at' as column_name,
            cast(expected_intake_completed_at as string) as expected_value,
            cast(intake_completed_at as string) as gold_value
        from pairs
        where expected_intake_completed_at is distinct from intake_completed_at
        union all
        select
            order_id,
            'benefits_completed_at' as column_name,
            cast(expected_benefits_completed_at as string) as expected_value,
            cast(benefits_completed_at as string) as gold_value
        from pairs
        where expected_benefits_completed_at is distinct from benefits_completed_at
        union all
        select
            order_id,
            'prior_authorization_submitted_at' as column_name,
            cast(expected_prior_authorization_submitted_at as string) as expected_value,
            cast(prior_authorization_submitted_at as string) as gold_value
        from pairs
        where
            expected_prior_authorization_submitted_at is distinct from
            prior_authorization_submitted_at
        union all
        select
            order_id,
            'prior_authorization_decided_at' as column_name,
            cast(expected_prior_authorization_decided_at as string) as expected_value,
            cast(prior_authorization_decided_at as string) as gold_value
        from pairs
        where
            expected_prior_authorization_decided_at is distinct from
            prior_authorization_decided_at
        union all
        select
            order_id,
            'clinical_verified_at' as column_name,
            cast(expected_clinical_verified_at as string) as expected_value,
            cast(clinical_verified_at as string) as gold_value
        from pairs
        where expected_clinical_verified_at is distinct from clinical_verified_at
        union all
        select
            order_id,
            'filled_at' as column_name,
            cast(expected_filled_at as string) as expected_value,
            cast(filled_at as string) as gold_value
        from pairs
        where expected_filled_at is distinct from filled_at
        union all
        select
            order_id,
            'packed_at' as column_name,
            cast(expected_packed_at as string) as expected_value,
            cast(packed_at as string) as gold_value
        from pairs
        where expected_packed_at is distinct from packed_at
        union all
        select
            order_id,
            'shipped_at' as column_name,
            cast(expected_shipped_at as string) as expected_value,
            cast(shipped_at as string) as gold_value
        from pairs
        where expected_shipped_at is distinct from shipped_at
        union all
        select
            order_id,
            'delivered_at' as column_name,
            cast(expected_delivered_at as string) as expected_value,
            cast(delivered_at as string) as gold_value
        from pairs
        where expected_delivered_at is distinct from delivered_at
        union all
        select
            order_id,
            'cancelled_at' as column_name,
            cast(expected_cancelled_at as string) as expected_value,
            cast(cancelled_at as string) as gold_value
        from pairs
        where expected_cancelled_at is distinct from cancelled_at
        union all
        select
            order_id,
            'promised_at' as column_name,
            cast(expected_promised_at as string) as expected_value,
            cast(promised_at as string) as gold_value
        from pairs
        where expected_promised_at is distinct from promised_at
        union all
        select
            order_id,
            'pharmacy_id' as column_name,
            expected_pharmacy_id as expected_value,
            pharmacy_id as gold_value
        from pairs
        where expected_pharmacy_id is distinct from pharmacy_id
        union all
        select
            order_id,
            'drug_ndc' as column_name,
            expected_drug_ndc as expected_value,
            drug_ndc as gold_value
        from pairs
        where expected_drug_ndc is distinct from drug_ndc
        union all
        select
            order_id,
            'carrier' as column_name,
            expected_carrier as expected_value,
            carrier as gold_value
        from pairs
        where expected_carrier is distinct from carrier
        union all
        select
            order_id,
            'stage' as column_name,
            expected_stage as expected_value,
            stage as gold_value
        from pairs
        where expected_stage is distinct from stage
        union all
        select
            order_id,
            'status' as column_name,
            expected_status as expected_value,
            status as gold_value
        from pairs
        where expected_status is distinct from status
        union all
        select
            order_id,
            'event_count' as column_name,
            cast(expected_event_count as string) as expected_value,
            cast(event_count as string) as gold_value
        from pairs
        where expected_event_count is distinct from event_count
    ),
    unexplained as (
        select knowable_orders.order_id, knowable_orders.of_order_id
        from pbm_truth.knowable_orders as knowable_orders
        left join (
            select distinct order_id
            from pbm_truth.defects
            where
                defect in (
                    'missing_scan',
                    'unknown_code',
                    'poison',
                    'wrong_offset',
                    'orphan',
                    'clock_skew',
                    'dst_hour',
                    'after_delivery',
                    'reused_id'
                )
        ) as hiding
            on hiding.order_id = knowable_orders.of_order_id
        where hiding.order_id is null
    )
select
    concat('gold has the true ', column_name) as check_name,
    'fail' as severity,
    order_id as row_key,
    concat(coalesce(gold_value, 'null'), ' instead of ', coalesce(expected_value, 'null')) as detail
from differences
union all
select
    'the ledger says what hides the truth' as check_name,
    'fail' as severity,
    order_id as row_key,
    concat('no defect of order ', of_order_id, ' hides anything') as detail
from unexplained;
