"""Escapes of GoogleSQL's string literals, written by the simplest ones."""

import pytest

from pbm360.local.bigquery.corrections.literals import plain_literals

STATEMENTS = [
    ("select 'plain', \"double\"", "select 'plain', \"double\""),
    (r"""select '{\"a\": 1}' from t""", r"""select '{"a": 1}' from t"""),
    (r'''select "it\'s"''', r"""select 'it\'s'"""),
    (r"""select 'back\\slash', 'tab\t'""", r"""select 'back\\slash', 'tab\t'"""),
    (r"select '\x41\u00e9\U0001F600\101'", "select 'Aé😀A'"),
    ("select '''two\\nlines'''", r"select 'two\nlines'"),
    (r"select r'\d+', b'\xff' -- a '\x41' in a comment", r"select r'\d+', b'\xff' -- a '\x41' in a comment"),
]


@pytest.mark.parametrize(("given", "right"), STATEMENTS)
def test_a_statement_keeps_its_meaning(given, right):
    assert plain_literals(given) == right
    assert plain_literals(right) == right
