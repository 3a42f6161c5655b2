-- What patients said: surveys, calls, complaints, claims of spoilt drug.
-- Grain: one row per event of feedback.
-- Sources: pbm_silver.stg_order_events by lifecycle/patient_feedback.sql. Partition: occurred_date,
-- cluster: feedback_type. Freshness: each build.

create table if not exists pbm_gold.fact_patient_feedback (
    event_id string not null options (description = 'Id of the event, unique per source'),
    source string not null options (description = 'System that reported it'),
    order_id string not null options (description = 'Order'),
    reported_order_id string not null options (description = 'Order id as the source reports it'),
    patient_key string options (description = 'Keyed pseudonym of the patient'),
    feedback_type string not null options (
        description = 'survey, call, complaint or excursion_claimed'
    ),
    occurred_at timestamp not null options (description = 'When, UTC'),
    occurred_date date not null options (description = 'UTC date of occurred_at; partition'),
    reason string options (description = 'Reason code of the call or complaint'),
    wait_seconds numeric options (description = 'Waiting time of a call, seconds'),
    is_abandoned bool options (description = 'True where the caller hung up before an answer'),
    nps int64 options (description = 'Likelihood to recommend, 0 to 10'),
    nps_category string options (
        description = 'promoter (9-10), passive (7-8) or detractor (0-6)'
    ),
    csat int64 options (description = 'Satisfaction, 1 to 5'),
    is_satisfied bool options (description = 'True where csat is 4 or 5; null where none'),
    pharmacy_id string options (description = 'Pharmacy of the order'),
    carrier string options (description = 'Carrier of the order'),
    drug_ndc string options (description = 'National Drug Code of the order, 11 digits'),
    order_status string not null options (description = 'Status of the order'),
    is_on_time bool options (description = 'True where the order was delivered by its promise'),
    delivery_delay_hours float64 options (
        description = 'Delivered minus promised, hours; negative where early; null where either lacks'
    ),
    is_after_delivery bool not null options (
        description = 'True where the order had been delivered by then'
    )
)
partition by occurred_date
cluster by feedback_type
options (description = 'One row per survey, call or complaint; pseudonymised, internal');
