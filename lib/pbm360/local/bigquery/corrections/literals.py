"""Write literals, and leave comments out, so that the emulator's parser reads what GoogleSQL reads.

Fault: of the escapes in a literal the parser knows a few and keeps the rest as they stand, so that `'\\"'` is two
characters long.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot.tokens import TokenType

ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
WRITTEN = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain_literals(sql: str) -> str:
    """Return the statement with every escaped literal (raw ones stay) written anew by the simplest escapes."""
    if "\\" not in sql:
        return sql
    parts, done = [], 0
    for token in sqlglot.tokenize(sql, read="bigquery"):
        source = sql[token.start : token.end + 1]
        if token.token_type is TokenType.STRING and "\\" in source:
            parts += [sql[done : token.start], _written(_meaning(_inside(source)))]
            done = token.end + 1
    return "".join(parts) + sql[done:]


def without_comments(sql: str) -> str:
    """Return the statement with a blank for each comment: of an apostrophe in one the emulator makes a literal."""
    if "--" not in sql and "#" not in sql and "/*" not in sql:
        return sql
    parts, done = [], 0
    for token in sqlglot.tokenize(sql, read="bigquery"):
        gap = sql[done : token.start]
        parts += [" " if gap.strip() else gap, sql[token.start : token.end + 1]]
        done = token.end + 1
    return "".join(parts)


def _inside(source: str) -> str:
    quote = source[:3] if source[:3] in ("'''", '"""') else source[0]
    return source[len(quote) : -len(quote)]


def _meaning(text: str) -> str:
    def character(found: re.Match) -> str:
        short, middle, long, octal, other = found.groups()
        if octal:
            return chr(int(octal, 8))
        if short or middle or long:
            return chr(int(short or middle or long, 16))
        return SIMPLE.get(other, other)

    return ESCAPE.sub(character, text)


def _written(text: str) -> str:
    return "'" + "".join(WRITTEN.get(character, character) for character in text) + "'"
