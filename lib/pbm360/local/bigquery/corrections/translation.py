"""Put GoogleSQL's meaning in the place of functions that the emulator translates wrongly.

The statement is corrected while it is still GoogleSQL; each correction names a macro of `macros.sql`, which the
emulator passes on as it is.
"""

from __future__ import annotations

import codecs
from pathlib import Path

import sqlglot
from bqemulator.domain.errors import InvalidQueryError
from bqemulator.domain.result import Err
from bqemulator.jobs import executor
from bqemulator.sql import inner_query, translator
from bqemulator.sql import rules as emulator_rules
from bqemulator.sql.errors import sql_parse_error
from sqlglot import exp

from pbm360.local.bigquery.corrections import json_documents, json_gathering
from pbm360.local.bigquery.corrections.functions import refuse_unknown_functions
from pbm360.local.bigquery.corrections.literals import plain_literals, without_comments
from pbm360.local.bigquery.corrections.meanings import RULES, NumericCast
from pbm360.local.bigquery.patching import replace_everywhere

MACROS = Path(__file__).with_name("macros.sql")
RESERVED_IN_DUCKDB = frozenset(Path(__file__).with_name("duckdb_reserved_words.txt").read_text().split())

emulator_rewrite = inner_query.rewrite_and_translate_statement
emulator_translate = translator.SQLTranslator.translate


def install() -> None:
    """Correct every statement before the emulator rewrites it, and every body of a routine before it is translated."""
    replace_everywhere(inner_query.rewrite_and_translate_statement, rewrite_and_translate)
    translator.SQLTranslator.translate = translate
    emulator_rules._REGISTRY.insert(0, NumericCast)
    executor._translator._rules.insert(0, NumericCast())  # made when it was imported


def create_macros(connection) -> None:
    """Create the macros, and the one function that needs Python, in the database of a DuckDB connection."""
    codecs.register_error("one_mark_a_byte", _mark_each_byte)
    connection.create_function("pbm_decode_lossy", _decode_lossy, ["BLOB"], "VARCHAR")
    connection.execute(MACROS.read_text())
    json_documents.create_macros(connection)


def _decode_lossy(given: bytes) -> str:
    return given.decode("utf-8", "one_mark_a_byte")


def _mark_each_byte(error: UnicodeDecodeError) -> tuple[str, int]:
    return "\ufffd" * (error.end - error.start), error.end


async def rewrite_and_translate(bq_sql: str, **context) -> str:
    """Correct a statement, then let the emulator turn it into DuckDB's SQL.

    Raises `InvalidQueryError` for a statement that GoogleSQL would not take.
    """
    try:
        corrected = correct(bq_sql)
    except sqlglot.errors.SqlglotError as error:
        raise sql_parse_error(str(error)) from error
    return await emulator_rewrite(corrected, **context)


def translate(self, bq_sql: str, **context):
    """Translate GoogleSQL; what comes with a schema is a statement, which is corrected already."""
    if "schema" in context:
        return emulator_translate(self, bq_sql, **context)
    try:
        return emulator_translate(self, correct(bq_sql), **context)
    except sqlglot.errors.SqlglotError as error:
        return Err(sql_parse_error(str(error)))
    except InvalidQueryError as error:
        return Err(error)


def correct(bq_sql: str) -> str:
    """Return the statement with its wrongly translated parts replaced; the same text where there are none."""
    bq_sql = plain_literals(without_comments(bq_sql))
    tree = sqlglot.parse_one(bq_sql, read="bigquery")
    refuse_unknown_functions(tree)
    changed = _quote_reserved_names(tree)
    for node in reversed(list(tree.walk())):  # children first
        rule = RULES.get(type(node))
        replacement = rule(node) if rule else None
        if replacement is not None:
            if node is tree:
                tree = replacement
            else:
                node.replace(replacement)
            changed = True
    changed = json_gathering.gather(tree) or changed
    return tree.sql(dialect="bigquery", comments=False) if changed else bq_sql


def _quote_reserved_names(tree: exp.Expression) -> bool:
    """Quote the names that are free in GoogleSQL and reserved in DuckDB, such as a column `at`."""
    changed = False
    for identifier in tree.find_all(exp.Identifier):
        if not identifier.quoted and identifier.name.lower() in RESERVED_IN_DUCKDB:
            identifier.set("quoted", True)
            changed = True
    return changed
