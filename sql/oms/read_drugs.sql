-- Drugs for a snapshot. PostgreSQL.
-- Grain: one row per drug.

select drug_ndc, name, form, strength, temperature_class, therapy
from drugs
order by drug_ndc;
