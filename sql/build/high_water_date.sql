-- The last of the contiguous days that are published.
-- Grain: one row; null where no day is.

select high_water_date
from pbm_ops.high_water_mark;
