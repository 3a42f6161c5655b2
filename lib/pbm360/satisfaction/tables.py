"""The table of Patient Satisfaction, the same on both fronts. Imports nothing: kernels read it."""

COHORTS_TITLE = "Who is served better, who worse?"
COHORT_COLUMNS = (
    ("cohort", "Cohort", "text"),
    ("verdict", "Against all", "pill"),
    ("nps", "NPS", "signed"),
    ("nps_margin", "± points", "number"),
    ("csat_percent", "Satisfied %", "number"),
    ("survey_count", "Surveys", "number"),
    ("response_percent", "Answered %", "number"),
    ("hidden_weeks", "Weeks not shown", "number"),
)
