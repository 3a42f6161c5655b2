-- Where gold differs from what the simulator knows to be true; no row is good.
-- Grain: one row per order and column that differ.
-- Columns: check_name, severity, row_key, detail. A milestone whose scan the ledger withheld is not
-- compared; neither are stage and status of an order that lacks a scan.

with
    withheld as (
        select order_id, event_type
        from pbm_truth.defects
        where defect = 'missing_scan'
    ),
    withheld_counts as (
        select order_id, count(*) as scan_count
        from withheld
        group by order_id
    ),
    pairs as (
        select
            truth.order_id,
            truth.received_at as true_received_at,
            fact.received_at,
            truth.intake_completed_at as true_intake_completed_at,
            fact.intake_completed_at,
            truth.benefits_completed_at as true_benefits_completed_at,
            fact.benefits_completed_at,
            truth.prior_authorization_submitted_at as true_prior_authorization_submitted_at,
            fact.prior_authorization_submitted_at,
            truth.prior_authorization_decided_at as true_prior_authorization_decided_at,
            fact.prior_authorization_decided_at,
            truth.clinical_verified_at as true_clinical_verified_at,
            fact.clinical_verified_at,
            truth.filled_at as true_filled_at,
            fact.filled_at,
            truth.packed_at as true_packed_at,
            fact.packed_at,
            truth.shipped_at as true_shipped_at,
            fact.shipped_at,
            truth.delivered_at as true_delivered_at,
            fact.delivered_at,
            truth.cancelled_at as true_cancelled_at,
            fact.cancelled_at,
            truth.promised_at as true_promised_at,
            fact.promised_at,
            truth.stage as true_stage,
            fact.stage,
            truth.status as true_status,
            fact.status,
            truth.event_count as true_event_count,
            fact.event_count
        from pbm_truth.orders as truth
        left join pbm_gold.fact_order_lifecycle as fact on fact.order_id = truth.order_id
    ),
    differences as (
        select
            order_id,
            'received_at' as column_name,
            cast(true_received_at as string) as true_value,
            cast(received_at as string) as gold_value
        from pairs
        where
            true_received_at is distinct from received_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('referral_received')
            )
        union all
        select
            order_id,
            'intake_completed_at' as column_name,
            cast(true_intake_completed_at as string) as true_value,
            cast(intake_completed_at as string) as gold_value
        from pairs
        where
            true_intake_completed_at is distinct from intake_completed_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('intake_completed')
            )
        union all
        select
            order_id,
            'benefits_completed_at' as column_name,
            cast(true_benefits_completed_at as string) as true_value,
            cast(benefits_completed_at as string) as gold_value
        from pairs
        where
            true_benefits_completed_at is distinct from benefits_completed_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('benefits_completed')
            )
        union all
        select
            order_id,
            'prior_authorization_submitted_at' as column_name,
            cast(true_prior_authorization_submitted_at as string) as true_value,
            cast(prior_authorization_submitted_at as string) as gold_value
        from pairs
        where
            true_prior_authorization_submitted_at is distinct from prior_authorization_submitted_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('pa_submitted')
            )
        union all
        select
            order_id,
            'prior_authorization_decided_at' as column_name,
            cast(true_prior_authorization_decided_at as string) as true_value,
            cast(prior_authorization_decided_at as string) as gold_value
        from pairs
        where
            true_prior_authorization_decided_at is distinct from prior_authorization_decided_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('pa_approved', 'pa_denied')
            )
        union all
        select
            order_id,
            'clinical_verified_at' as column_name,
            cast(true_clinical_verified_at as string) as true_value,
            cast(clinical_verified_at as string) as gold_value
        from pairs
        where
            true_clinical_verified_at is distinct from clinical_verified_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('clinical_verified')
            )
        union all
        select
            order_id,
            'filled_at' as column_name,
            cast(true_filled_at as string) as true_value,
            cast(filled_at as string) as gold_value
        from pairs
        where
            true_filled_at is distinct from filled_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('filled')
            )
        union all
        select
            order_id,
            'packed_at' as column_name,
            cast(true_packed_at as string) as true_value,
            cast(packed_at as string) as gold_value
        from pairs
        where
            true_packed_at is distinct from packed_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('packed')
            )
        union all
        select
            order_id,
            'shipped_at' as column_name,
            cast(true_shipped_at as string) as true_value,
            cast(shipped_at as string) as gold_value
        from pairs
        where
            true_shipped_at is distinct from shipped_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('shipped')
            )
        union all
        select
            order_id,
            'delivered_at' as column_name,
            cast(true_delivered_at as string) as true_value,
            cast(delivered_at as string) as gold_value
        from pairs
        where
            true_delivered_at is distinct from delivered_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('delivered')
            )
        union all
        select
            order_id,
            'cancelled_at' as column_name,
            cast(true_cancelled_at as string) as true_value,
            cast(cancelled_at as string) as gold_value
        from pairs
        where
            true_cancelled_at is distinct from cancelled_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('order_cancelled', 'appeal_decided')
            )
        union all
        select
            order_id,
            'promised_at' as column_name,
            cast(true_promised_at as string) as true_value,
            cast(promised_at as string) as gold_value
        from pairs
        where
            true_promised_at is distinct from promised_at
            and not exists (
                select 1
                from withheld
                where withheld.order_id = pairs.order_id and withheld.event_type in ('label_created', 'in_transit', 'out_for_delivery')
            )
        union all
        select
            order_id,
            'stage' as column_name,
            true_stage as true_value,
            stage as gold_value
        from pairs
        where
            true_stage is distinct from stage
            and not exists (select 1 from withheld where withheld.order_id = pairs.order_id)
        union all
        select
            order_id,
            'status' as column_name,
            true_status as true_value,
            status as gold_value
        from pairs
        where
            true_status is distinct from status
            and not exists (select 1 from withheld where withheld.order_id = pairs.order_id)
        union all
        select
            pairs.order_id,
            'event_count' as column_name,
            cast(true_event_count as string) as true_value,
            cast(event_count as string) as gold_value
        from pairs
        left join withheld_counts on withheld_counts.order_id = pairs.order_id
        where
            event_count is null
            or true_event_count != event_count + coalesce(withheld_counts.scan_count, 0)
    )
select
    concat('gold has the true ', column_name) as check_name,
    'fail' as severity,
    order_id as row_key,
    concat(coalesce(gold_value, 'null'), ' instead of ', coalesce(true_value, 'null')) as detail
from differences;
