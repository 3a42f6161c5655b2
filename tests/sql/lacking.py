"""What Google's reference evaluator lacks of what BigQuery has: the whole list, each with its reason and its bridge.

The parity tests hold it both ways: the evaluator still refuses each probe, what is bridged is needed by a statement of
`sql/`, and what has no bridge is used by none. So no statement of `sql/` goes unevaluated but those of `files`, which
the analyzer reads alone.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.sql.models import MODEL_FILES


class Lack(NamedTuple):
    """One thing: why it is lacking, a query that the evaluator refuses for it, how `sql/` would name it, the bridge."""

    reason: str
    probe: str
    pattern: str
    bridge: str
    files: tuple[str, ...] = ()


NOT_WRITTEN = "none: no statement of sql/ uses it"
LACKING = {
    "a table's dataset": Lack(
        "rows reach the tables of the root catalog alone",
        "select a from pbm_silver.t",
        r"\bpbm_\w+\.\w+",
        "the reference warehouse writes pbm_silver.t as pbm_silver__t",
    ),
    "create table and view": Lack(
        "it evaluates queries and changes of rows, and keeps no catalog of its own",
        "create or replace table t as select 1 as a",
        r"\bcreate (or replace )?(table|view)\b",
        "the reference warehouse evaluates the query of the definition, and keeps or inlines its rows",
    ),
    "a table function by its name": Lack(
        "a call needs a body in the catalog, which takes no rows",
        "select a from f(timestamp '2026-01-01 00:00:00+00')",
        r"\bcreate or replace table function\b",
        "the reference warehouse evaluates the function's body with its argument",
    ),
    "transactions": Lack(
        "it has one statement and no session",
        "begin transaction",
        r"\bbegin transaction\b",
        "the reference warehouse runs the statements in their order: one user has no need of more",
    ),
    "approximate aggregates": Lack(
        "their answers are not determined, so it does not implement them",
        "select approx_quantiles(a, 2) as quantiles from t",
        r"\b(approx_\w+|hll_count)\b",
        NOT_WRITTEN,
    ),
    "BigQuery ML": Lack(
        "no evaluator of GoogleSQL learns a model",
        "select * from ml.predict(model pbm_ops.m, (select 1 as a))",
        r"\b(create (or replace )?model|ml\.predict)\b",
        "none: Google's analyzer reads these files, by a model of what ml.predict returns",
        MODEL_FILES,
    ),
    "who asks": Lack(
        "it knows no user",
        "select session_user() as user_name",
        r"\bsession_user\b",
        NOT_WRITTEN,
    ),
}
