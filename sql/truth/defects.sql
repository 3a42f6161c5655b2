-- Which defect the simulator injected into which event. Read by checks alone.
-- Grain: one row per injected defect; of an event one that was drawn, and what its clock and
-- schema do.
-- Sources: lib/pbm360/simulate. Freshness: each simulation.

create table if not exists pbm_truth.defects (
    simulation_id string not null options (description = 'Simulation run'),
    defect string not null options (
        description = 'What was done: a name of lib/pbm360/simulate/defects/rates.py'
    ),
    order_id string not null options (description = 'Order of the event'),
    source string not null options (description = 'Source of the event'),
    event_id string not null options (description = 'Event'),
    event_type string not null options (description = 'Event type, as it truly was'),
    event_at timestamp not null options (description = 'When the event truly happened, UTC'),
    observed_at timestamp not null options (
        description = 'When it came to the topic, or a withheld scan would have, UTC'
    ),
    detail string options (description = 'What was done to it')
)
cluster by order_id
options (description = 'Injected defects, event by event');
