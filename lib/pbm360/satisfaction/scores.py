"""Score surveys: NPS and CSAT with their margins, over the weeks that may be shown. Frames in, frames out.

NPS is the share of 9-10 minus the share of 0-6, in points; CSAT the share of 4-5 of 1 to 5. The margin of NPS is the
95 % one of a difference of two multinomial shares: 1.96 * sqrt((p + d - (p - d)^2) / n); that of CSAT is a binomial's.
"""

from __future__ import annotations

import pandas as pd

NORMAL_95 = 1.959964  # quantile of the normal distribution for a 95 % interval
WINDOW_WEEKS = 13  # a quarter
COUNTS = ["delivered_count", "survey_count", "promoter_count", "detractor_count", "csat_count", "satisfied_count"]
REFERENCE = "as promised"


def newest_weeks(frame: pd.DataFrame, weeks: int = WINDOW_WEEKS) -> pd.DataFrame:
    """Return the rows of the newest weeks (those of the last `weeks` Mondays up to the newest row)."""
    if frame.empty:
        return frame
    dates = pd.to_datetime(frame["week_date"])
    return frame[dates > dates.max() - pd.Timedelta(weeks=weeks)]


def scored(frame: pd.DataFrame) -> pd.DataFrame:
    """Add nps, nps_margin (points), csat_share, csat_margin and response_rate (shares); null where nothing is shown."""
    counts = frame[COUNTS].astype("Float64").mask(frame["is_suppressed"].astype(bool), pd.NA)
    surveys = counts["survey_count"].where(counts["survey_count"] > 0)
    promoters, detractors = counts["promoter_count"] / surveys, counts["detractor_count"] / surveys
    ratings = counts["csat_count"].where(counts["csat_count"] > 0)
    satisfied = counts["satisfied_count"] / ratings
    spread = (promoters + detractors - (promoters - detractors) ** 2).clip(lower=0)
    return frame.assign(
        **{name: counts[name] for name in COUNTS},
        nps=100 * (promoters - detractors),
        nps_margin=100 * NORMAL_95 * (spread / surveys) ** 0.5,
        csat_share=satisfied,
        csat_margin=NORMAL_95 * (satisfied * (1 - satisfied) / ratings) ** 0.5,
        response_rate=counts["survey_count"] / counts["delivered_count"].where(counts["delivered_count"] > 0),
    )


def cohorts(satisfaction_weeks: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Add up the newest weeks' shown cells of each cohort of a kind and score them.

    One row a cohort, most surveys first; `hidden_weeks` counts the weeks in which the cohort is suppressed. Only what
    the report shows is added, so the sum gives nothing away that the report does not.
    """
    rows = newest_weeks(satisfaction_weeks)
    rows = rows[rows["cohort_kind"] == kind]
    hidden = rows["is_suppressed"].astype(bool)
    sums = rows[~hidden].groupby("cohort")[COUNTS].sum()
    table = sums.reindex(sorted(rows["cohort"].unique())).rename_axis("cohort").reset_index()
    table["hidden_weeks"] = table["cohort"].map(rows[hidden].groupby("cohort").size()).fillna(0).astype(int)
    table["is_suppressed"] = table["survey_count"].isna()
    return scored(table).sort_values("survey_count", ascending=False, na_position="last", ignore_index=True)


def goodwill_cost(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return what each outcome costs: its share of the surveys times how far its NPS lies below that of kept promises.

    `outcomes` as from `cohorts(..., "outcome")`. Columns cohort, survey_count, survey_share, nps, points; the points
    add up to the difference between the NPS of kept promises and that of all shown surveys. Empty where unknown.
    """
    shown = outcomes[outcomes["survey_count"].fillna(0) > 0]
    reference = shown.loc[shown["cohort"] == REFERENCE, "nps"]
    others = shown[shown["cohort"] != REFERENCE]
    if reference.empty or others.empty:
        return pd.DataFrame(columns=["cohort", "survey_count", "survey_share", "nps", "points"])
    share = others["survey_count"] / shown["survey_count"].sum()
    found = others.assign(survey_share=share, points=share * (reference.iloc[0] - others["nps"]))
    columns = ["cohort", "survey_count", "survey_share", "nps", "points"]
    return found[columns].sort_values("points", ascending=False, ignore_index=True)


def compared(cohort: pd.DataFrame, everybody: pd.Series) -> pd.DataFrame:
    """Add `verdict`: better or worse than everybody by more than both margins, `noise`, or `hidden`."""

    def verdict(row) -> str:
        if pd.isna(row.nps) or pd.isna(everybody["nps"]):
            return "hidden"
        gap = row.nps - everybody["nps"]
        if abs(gap) <= (row.nps_margin**2 + everybody["nps_margin"] ** 2) ** 0.5:
            return "noise"
        return "better" if gap > 0 else "worse"

    return cohort.assign(verdict=[verdict(row) for row in cohort.itertuples()])
