"""JSON text, bytes and regular expressions: GoogleSQL's right answers."""

import pytest
from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

VALUES = [
    ('{"data": {"x": 5}}', "5"),
    ('{"data": {"x": true}}', "true"),
    ('{"data": {"x": "a b"}}', "a b"),
    ('{"data": {"x": "{not an object"}}', "{not an object"),
    ('{"data": {"x": "null"}}', "null"),
    ('{"data": {"x": ""}}', ""),
    ('{"data": {"x": null}}', None),
    ('{"data": {"x": [1]}}', None),
    ('{"data": {"x": {"a": 1}}}', None),
    ('{"data": {}}', None),
    ('{"data": 5}', None),
    ("[1]", None),
    ("not json", None),
    ("", None),
    (None, None),
    ('{"data": {"x": 1.50}}', "1.50"),
    ('{"data": {"x": 1e2}}', "1e2"),
    ('{"data":{"x":-0}}', "-0"),
    ('{"data":{"x":0.00001}}', "0.00001"),
    ('{"data":{"x":123456789.123456789}}', "123456789.123456789"),
    ('{"data":{"x":18446744073709551616}}', "18446744073709551616"),
    ('{"data":{"x":1,"x":2}}', "1"),
    ('{"data":{"x":"a\\u00e9\\/"}}', "aé/"),
    ('{"data":{"x":1},}', None),
    ('{"data":{"x":NaN}}', None),
    ('{"data":{"x":1e400}}', None),
]


@pytest.mark.parametrize(("text", "right"), VALUES)
def test_json_value_gives_scalars_as_text(value, text, right):
    assert value("select json_value(@given, '$.data.x')", ScalarQueryParameter("given", "STRING", text)) == right


def test_json_value_of_many_rows_skips_what_is_malformed(answer):
    sql = """
        select json_value(given, '$.a'), json_value(given, '$.b')
        from unnest(['{"a": 1, "b": "x"}', '{"a": ', '{"a": 3}']) as given with offset as position
        order by position
    """
    assert answer(sql) == [("1", "x"), (None, None), ("3", None)]


DOCUMENTS = [
    ('{"a":"x","b":{"c":1.5}}', ("x", "1.5", '{"c":1.5}', None)),
    ('{"a": "y", "b": {"c": 1.50}}', ("y", "1.50", '{"c":1.50}', None)),
    ('{"a":"{","b":[{"c":1}]}', ("{", None, '[{"c":1}]', None)),
    ('{"a":', (None, None, None, None)),
    (None, (None, None, None, None)),
    ('{"a":null,"b":{}}', (None, None, "{}", None)),
    ('{"a":"1","a":"2","b":"c"}', ("1", None, '"c"', "c")),
]


def test_several_values_of_one_column_are_read_row_by_row(answer):
    sql = """
        with documents as (select nullif(given, '') as document from unnest(@given) as given)
        select json_value(document, '$.a'), json_value(document, '$.b.c'), json_query(document, '$.b'),
            json_value(document, '$.b')
        from documents
        where coalesce(document, '') != 'left out'
    """
    given = ["left out", *(document or "" for document, _ in DOCUMENTS)]
    found = answer(sql, ArrayQueryParameter("given", "STRING", given))
    assert sorted(found, key=repr) == sorted((right for _, right in DOCUMENTS), key=repr)


MEMBERS = [
    ('{"a": "x", "A": 1.5 , "b" : {"c": "y"}}\n', ("x", "1.5", "x", '{"c":"y"}')),
    ('{"a":"x","A":1.50,"b":[1.50]}', ("x", "1.50", "x", "[1.50]")),
    ('{"a":"\\u00e9\\/\\n","A":"\\"","b":"\\""}', ("é/\n", '"', "é/\n", '"\\""')),
    ('{"a":true,"A":"null","b":"null"}', ("true", "null", "true", '"null"')),
    ('{"a":[],"A":{},"b":null}', (None, None, None, None)),
    ('{"a":"first","a":"second"}', ("first", None, "first", None)),
    ("[1]", (None, None, None, None)),
]


@pytest.mark.parametrize(("document", "right"), MEMBERS)
@pytest.mark.parametrize("other_case", ["$.A", "$.a"])
def test_members_that_are_read_at_once_are_those_read_one_by_one(answer, document, right, other_case):
    sql = f"""
        select json_value(document, '$.a'), json_value(document, '{other_case}'), json_query(document, '$.b')
        from unnest(@given) as document
    """
    text, other, same, part = right
    found = answer(sql, ArrayQueryParameter("given", "STRING", [document]))
    assert found == [(text, other if other_case == "$.A" else same, part)]


def test_the_type_is_read_with_the_members(answer):
    sql = """
        select json_type(safe.parse_json(document)), json_value(document, '$.a')
        from unnest(@given) as document
    """
    given = ['{"a": 1}', '{"a": 1.50}', '{"a": 1,}', "[1]", "1"]
    found = answer(sql, ArrayQueryParameter("given", "STRING", given))
    assert sorted(found, key=repr) == sorted(
        [("object", "1"), ("object", "1.50"), (None, None), ("array", None), ("number", None)], key=repr
    )


def test_many_members_in_the_branch_of_a_condition_are_read_where_it_holds(answer):
    members = ", ".join(f"coalesce(json_query(documents.document, '$.m{number}'), '-')" for number in range(9))
    sql = f"""
        select if(strpos(documents.document, '[') > 0, concat({members}), null)
        from unnest(@given) as document_text
        inner join (select document from unnest(@given) as document) as documents
            on documents.document = document_text
    """
    given = ['{"m0": [1.50], "m8": "\\u00e9", "m8": 2}', '{"m0": 1}', "[", '{"m1": [{"b": null}], "m2": null}']
    found = answer(sql, ArrayQueryParameter("given", "STRING", given))
    right = ['[1.50]-------"é"', None, "-" * 9, '-[{"b":null}]' + "-" * 7]
    assert sorted(found, key=repr) == sorted([(text,) for text in right], key=repr)


QUERIES = [
    ('{"data": {"x": [1, 2]}}', "[1,2]"),
    ('{"data": {"x": "a"}}', '"a"'),
    ('{"data": {"x": null}}', None),
    ('{"data": {"x": {"a": 1}}}', '{"a":1}'),
    ("nope", None),
]


@pytest.mark.parametrize(("text", "right"), QUERIES)
def test_json_query_gives_json_as_text(value, text, right):
    assert value("select json_query(@given, '$.data.x')", ScalarQueryParameter("given", "STRING", text)) == right


TYPES = [('{"a": 1}', "object"), ("[1]", "array"), ('"a"', "string"), ("1.5", "number"), ("true", "boolean")]


@pytest.mark.parametrize(("text", "right"), [*TYPES, ("null", "null"), ("nope", None), (None, None)])
def test_json_type_of_text_parsed_safely(value, text, right):
    assert value("select json_type(safe.parse_json(@given))", ScalarQueryParameter("given", "STRING", text)) == right


BYTES = [
    (b"abc", "abc"),
    ("é".encode(), "é"),
    (b"a\xffb", "a\ufffdb"),
    (b"a\xe2\x82b", "a\ufffd\ufffdb"),  # a mark for each byte
    (b"\xc0\xaf", "\ufffd\ufffd"),
    (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    (b"", ""),
    (None, None),
]


@pytest.mark.parametrize(("given", "right"), BYTES)
def test_bytes_become_text_whatever_they_hold(value, given, right):
    parameter = ScalarQueryParameter("given", "BYTES", given)
    assert value("select safe_convert_bytes_to_string(@given)", parameter) == right


def test_bytes_of_rows_become_text_row_by_row(answer):
    sql = r"""
        select safe_convert_bytes_to_string(given)
        from unnest([b'good', b'\xff', cast(null as bytes)]) as given with offset as position
        order by position
    """
    assert answer(sql) == [("good",), ("\ufffd",), (None,)]


def test_bytes_literals_and_lengths(answer):
    assert answer(r"select b'\xff\x00a', length(b'\xff\xfe'), to_hex(sha256('abc'))") == [
        (b"\xff\x00a", 2, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    ]


EXPRESSIONS = [
    (r"regexp_contains('AB12', r'^[A-Z]{2}\d+$')", True),
    (r"regexp_contains('a b', r'^[!-~]{1,128}$')", False),
    (r"regexp_contains(cast(null as string), r'a')", None),
    (r"regexp_replace('a-b-c', r'-', '')", "abc"),
    (r"regexp_replace('12345678901', r'^(\d{5})(\d{4})(\d{2})$', r'\1-\2-\3')", "12345-6789-01"),
    (r"regexp_extract('order 12', r'(\d+)')", "12"),
    (r"regexp_extract('order', r'(\d+)')", None),
]


@pytest.mark.parametrize(("expression", "right"), EXPRESSIONS)
def test_regular_expressions(value, expression, right):
    assert value(f"select {expression}") == right
