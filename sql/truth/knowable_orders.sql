-- What can be known of each simulated order that a defect hides something of: how gold must have
-- it.
-- Written by the simulator, read by checks alone.
-- Grain: one row per order as gold has it that differs from the truth.
-- Sources: lib/pbm360/simulate/knowable.py. Freshness: each simulation.

create table if not exists pbm_truth.knowable_orders (
    order_id string not null options (description = 'Order as gold has it'),
    simulation_id string not null options (description = 'Simulation run that made the order'),
    of_order_id string not null options (description = 'True order whose events it holds'),
    is_phantom bool not null options (
        description = 'An order that is none: events sent under an id that no order has'
    ),
    hidden_by string not null options (description = 'Defects that hide something of the order'),
    pharmacy_id string options (description = 'Pharmacy; null where no event names one'),
    drug_ndc string options (
        description = 'National Drug Code, 11 digits; null where no event names one'
    ),
    carrier string options (description = 'Carrier; null where no event names one'),
    stage string options (description = 'Stage; null where no known event enters one'),
    status string not null options (description = 'open, delivered, cancelled, returned or lost'),
    received_at timestamp options (description = 'UTC; null where no event tells it'),
    intake_completed_at timestamp options (description = 'UTC; null where no event tells it'),
    benefits_completed_at timestamp options (description = 'UTC; null where no event tells it'),
    prior_authorization_submitted_at timestamp options (description = 'UTC; null where none'),
    prior_authorization_decided_at timestamp options (description = 'UTC; null where none'),
    clinical_verified_at timestamp options (description = 'UTC; null where no event tells it'),
    filled_at timestamp options (description = 'UTC; null where no event tells it'),
    packed_at timestamp options (description = 'UTC; null where no event tells it'),
    shipped_at timestamp options (description = 'UTC; null where no event tells it'),
    delivered_at timestamp options (description = 'UTC; null where no event tells it'),
    cancelled_at timestamp options (description = 'UTC; null where no event tells it'),
    promised_at timestamp options (description = 'UTC; null before a label exists'),
    event_count int64 not null options (description = 'Events that count'),
    known_until timestamp not null options (description = 'What was known by then, UTC')
)
cluster by order_id
options (description = 'Simulated orders as far as they can be known');
