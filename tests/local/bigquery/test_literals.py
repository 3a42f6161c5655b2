"""Escapes of GoogleSQL's string literals, written by the simplest ones."""

import pytest

from pbm360.local.bigquery.corrections.literals import plain_literals, without_comments

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


def test_a_comment_is_left_out_and_a_literal_that_looks_like_one_stays():
    given = "select '-- no', \"# no\", '/* no */' -- Google's\n, /* it's */ 2 # the end's"
    assert without_comments(given).split() == ["select", "'--", "no',", '"#', 'no",', "'/*", "no", "*/'", ",", "2"]


def test_an_apostrophe_in_a_comment_changes_no_literal(value):
    assert value("-- Google's\nselect '\"1.0\"'") == '"1.0"'
    assert value("select '\"1.0\"' -- Google's") == '"1.0"'
