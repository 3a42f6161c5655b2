-- How many rows of bronze hold exactly a payload, from a day on.
-- Grain: one row.
-- Source: pbm_bronze.raw_orders. Parameters: payload, first_date.

select count(*) as row_count
from pbm_bronze.raw_orders
where known_date >= @first_date and payload = @payload;
