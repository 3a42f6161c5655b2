-- What truly happened to each simulated order. Written by the simulator, read by checks alone.
-- Grain: one row per simulated order.
-- Sources: lib/pbm360/simulate. Freshness: each simulation.

create table if not exists pbm_truth.orders (
    order_id string not null options (description = 'Order'),
    simulation_id string not null options (description = 'Simulation run that made the order'),
    pharmacy_id string not null options (description = 'Pharmacy'),
    patient_id string not null options (description = 'Patient of the simulation (an identifier)'),
    drug_ndc string not null options (description = 'National Drug Code, 11 digits'),
    carrier string options (description = 'Carrier; null before a label exists'),
    stage string options (
        description = 'True stage at known_until; null where no known event enters one'
    ),
    status string not null options (description = 'open, delivered, cancelled, returned or lost'),
    received_at timestamp options (description = 'UTC'),
    intake_completed_at timestamp options (description = 'UTC; null where it has not happened'),
    benefits_completed_at timestamp options (description = 'UTC; null where it has not happened'),
    prior_authorization_submitted_at timestamp options (description = 'UTC; null where none'),
    prior_authorization_decided_at timestamp options (description = 'UTC; null where none'),
    clinical_verified_at timestamp options (description = 'UTC; null where it has not happened'),
    filled_at timestamp options (description = 'UTC; null where it has not happened'),
    packed_at timestamp options (description = 'UTC; null where it has not happened'),
    shipped_at timestamp options (description = 'UTC; null where it has not happened'),
    delivered_at timestamp options (description = 'UTC; null where it has not happened'),
    cancelled_at timestamp options (description = 'UTC; null where it has not happened'),
    promised_at timestamp options (description = 'UTC; null before a label exists'),
    event_count int64 not null options (description = 'True events that happened and were known'),
    known_until timestamp not null options (description = 'What was known by then, UTC')
)
cluster by order_id
options (description = 'Ground truth of simulated orders');
