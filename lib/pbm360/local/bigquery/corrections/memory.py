"""Do the work on a statement once: the emulator parses the same text a dozen times, and translates it at each run.

What is remembered depends on its key alone: the text, and for a translation the columns of the tables that it reads.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from threading import Lock

from bqemulator.domain.result import Ok
from bqemulator.sql import table_rewriter, translator
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from pbm360.local.bigquery.corrections import translation
from pbm360.local.bigquery.patching import replace_everywhere

REMEMBERED_STATEMENTS = 512
SHORTEST_REMEMBERED = 500  # characters; a shorter text parses as fast as its tree is copied

dialect_parse = Dialect.parse


class Memory:
    """Keep the newest results by key; safe for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[Hashable, object] = OrderedDict()

    def recall(self, key: Hashable, work: Callable[[], object], is_worth: Callable[[object], bool] = bool):
        """Return the remembered result, else do the work and remember it where it is worth it."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        result = work()
        if is_worth(result):
            with self._lock:
                self._found[key] = result
                if len(self._found) > REMEMBERED_STATEMENTS:
                    self._found.popitem(last=False)
        return result


_parsed, _translated = Memory(), Memory()


def install() -> None:
    """Remember parsed and translated statements; install it after the corrections of the translation itself."""
    Dialect.parse = parse
    translation.correct = lru_cache(REMEMBERED_STATEMENTS)(translation.correct)
    translator.SQLTranslator.translate = remembering(translator.SQLTranslator.translate)
    rewrite = table_rewriter.rewrite_table_refs
    replace_everywhere(rewrite, lru_cache(REMEMBERED_STATEMENTS)(rewrite))


def parse(self, sql: str, **options) -> list[exp.Expr | None]:
    """Return the statements of a text, each a copy of the remembered one, since callers change what they get."""
    if len(sql) < SHORTEST_REMEMBERED:
        return dialect_parse(self, sql, **options)
    key = (type(self), sql, repr(sorted(options.items())))
    found = _parsed.recall(key, lambda: dialect_parse(self, sql, **options))
    return [statement.copy() if statement else None for statement in found]


def remembering(translate):
    """Return a `translate` that remembers what it has translated, by text and columns; failures are not remembered."""

    def remember(self, bq_sql: str, **context):
        key = (bq_sql, json.dumps(context.get("schema"), sort_keys=True, default=str), repr(context.get("caller")))
        return _translated.recall(
            key, lambda: translate(self, bq_sql, **context), lambda result: isinstance(result, Ok)
        )

    return remember
