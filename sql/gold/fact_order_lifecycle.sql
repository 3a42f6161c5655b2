-- Each order's whole life in one row: milestones, durations, stage, status.
-- Grain: one row per order.
-- Sources: pbm_silver.stg_order_events by lifecycle/order_lifecycle.sql. Partition: received_date,
-- cluster: status, stage. Freshness: each build.

create table if not exists pbm_gold.fact_order_lifecycle (
    order_id string not null options (
        description = 'Order; with (2), (3) ... where the reported id was used before'
    ),
    reported_order_id string not null options (description = 'Order id as the sources report it'),
    patient_key string options (description = 'Keyed pseudonym of the patient'),
    drug_ndc string options (description = 'National Drug Code, 11 digits'),
    pharmacy_id string options (description = 'Pharmacy that works on the order'),
    carrier string options (description = 'Carrier named last: ups, fedex, usps, courier'),
    priority string options (description = 'routine or urgent'),
    days_supply int64 options (description = 'Days that the quantity lasts'),
    fill_number int64 options (description = '1 for a first fill, greater for a refill'),
    is_reship bool options (description = 'True where the order replaces a shipment'),
    previous_order_id string options (description = 'Order that this refill or reship follows'),
    received_at timestamp options (description = 'First referral_received, UTC'),
    received_date date not null options (
        description = 'UTC date of received_at, else of the first event; partition'
    ),
    intake_completed_at timestamp options (description = 'First intake_completed, UTC'),
    benefits_completed_at timestamp options (description = 'First benefits_completed, UTC'),
    prior_authorization_submitted_at timestamp options (description = 'First pa_submitted, UTC'),
    prior_authorization_decided_at timestamp options (
        description = 'First of pa_approved and pa_denied, UTC'
    ),
    clinical_verified_at timestamp options (description = 'First clinical_verified, UTC'),
    filled_at timestamp options (description = 'First filled, UTC'),
    packed_at timestamp options (description = 'First packed, UTC'),
    shipped_at timestamp options (description = 'First shipped, UTC'),
    delivered_at timestamp options (description = 'First delivered, UTC'),
    cancelled_at timestamp options (
        description = 'First order_cancelled or appeal decided against, UTC'
    ),
    promised_at timestamp options (description = 'Delivery promised last, UTC'),
    stage string options (description = 'Stage now; null where no event entered one'),
    stage_entered_at timestamp options (description = 'When the order entered that stage, UTC'),
    sla_due_at timestamp options (
        description = 'When the stage has lasted as long as allowed, UTC; null where terminal'
    ),
    status string not null options (
        description = 'open, delivered, cancelled, returned or lost'
    ),
    cancellation_reason string options (description = 'Reason of the first order_cancelled'),
    turnaround_hours float64 options (
        description = 'Shipped minus received, hours; null where missing or negative'
    ),
    turnaround_business_days int64 options (
        description = 'Open days of the pharmacy after the day received, to the day shipped, days'
    ),
    delivery_hours float64 options (
        description = 'Delivered minus shipped, hours; null where missing or negative'
    ),
    prior_authorization_hours float64 options (
        description = 'First decision minus first submission, hours; null where missing or negative'
    ),
    is_prior_authorization_first_pass bool options (
        description = 'True where the first decision was an approval; null where none'
    ),
    is_appeal_overturned bool options (
        description = 'True where the first appeal was decided for the patient; null where none'
    ),
    has_clock_skew bool not null options (description = 'True where a duration came out negative'),
    is_orphan bool not null options (description = 'True where no referral is known'),
    is_clean bool not null options (
        description = 'No information request, prior authorization, rejection or failed check'
    ),
    is_abandoned bool not null options (
        description = 'Cancelled before the first fill for patient or cost reasons'
    ),
    is_on_time bool options (
        description = 'Delivered by the promise; null where either is missing'
    ),
    is_complete bool options (description = 'All items packed; null where not counted'),
    is_undamaged bool options (description = 'Arrived intact; null where not reported'),
    is_documented bool options (description = 'All documents packed; null where not reported'),
    is_cold_chain bool not null options (description = 'Refrigerated or frozen'),
    is_temperature_monitored bool not null options (description = 'A temperature was reported'),
    minutes_outside_range int64 not null options (
        description = 'Minutes outside the temperature range, all excursions together'
    ),
    is_in_temperature bool options (
        description = 'At most 30 minutes outside, or not cold; null where cold and not monitored'
    ),
    is_perfect bool options (
        description = 'On time, complete, undamaged, in temperature, documented; null where unknown'
    ),
    covered_until_at timestamp options (
        description = 'Delivered plus days of supply, UTC; without what was left over'
    ),
    has_repeated_activity bool not null options (
        description = 'True where an event type that enters a stage occurred more than once'
    ),
    delivery_attempt_count int64 not null options (
        description = 'attempt_failed and delivered events'
    ),
    rework_count int64 not null options (description = 'qa_failed events'),
    event_count int64 not null options (description = 'Distinct events that count'),
    first_event_at timestamp not null options (description = 'Earliest event, UTC'),
    last_event_at timestamp not null options (description = 'Latest event, UTC')
)
partition by received_date
cluster by status, stage
options (description = 'One row per order: its lifecycle; pseudonymised, internal');
