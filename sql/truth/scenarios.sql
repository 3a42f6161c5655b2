-- Which scenario was put on which days of a simulation, and the stage that it disturbs. Read by
-- checks and studies alone.
-- Grain: one row per simulation, scenario and place. Sources: lib/pbm360/simulate. Freshness: each
-- simulation.

create table if not exists pbm_truth.scenarios (
    simulation_id string not null options (description = 'Simulation run'),
    scenario string not null options (description = 'Name of the scenario'),
    title string not null options (description = 'What happened'),
    place string not null options (
        description = 'Pharmacy where it happened, or whose patients it hit'
    ),
    target string options (
        description = 'Stations, carriers or temperature classes that it acted on; null where all'
    ),
    factor float64 not null options (
        description = 'Capacity that was left, as a share, or referrals as a multiple of the usual'
    ),
    disturbed_stage string not null options (description = 'Stage that became the bottleneck'),
    begins_at timestamp not null options (description = 'First instant of it, UTC'),
    ends_at timestamp not null options (description = 'First instant after it, UTC')
)
options (description = 'Scenarios put into simulations');
