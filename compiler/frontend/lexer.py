"""Text to tokens: the whole text at once, whatever is wrong with it.

What no word begins with, unclosed strings and malformed numbers are reported; a bad character is left out of the
tokens, the other two take part as an ordinary string and number, so that the parser does not stumble over them again.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from lark import Token

from ..diagnostics.model import Sink
from ..diagnostics.source import Source, Span
from ..diagnostics.syntax import BadCharacter, BadEscape, BadNumber, UnterminatedString
from .tables import load

SUFFIXES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
# More digits than any number needs; Python itself refuses to read integers of over 4 300.
MAX_DIGITS = 400
ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_MARKS = frozenset(("COMMENT", "BAD_NUMBER", "OPEN_STRING", "BAD_CHARACTER"))


@dataclass(frozen=True, slots=True)
class Lexed:
    """The tokens of a text in order, comments apart."""

    tokens: list[Token]
    comments: list[Token]


def lex(source: Source, sink: Sink) -> Lexed:
    """All tokens and comments of a text; mistakes go to ``sink``."""
    tokens: list[Token] = []
    comments: list[Token] = []
    for token in load().lex(source.text):
        kind = token.type
        if kind in _MARKS:
            if kind == "COMMENT":
                comments.append(token)
                continue
            if kind == "BAD_CHARACTER":
                # A byte-order mark that an editor left is no mistake of the user's.
                if not (token == "\ufeff" and token.start_pos == 0):
                    sink.add(BadCharacter(span_of(source, token), str(token)))
                continue
            if kind == "OPEN_STRING":
                sink.add(UnterminatedString(span_of(source, token)))
                token = token.update("STRING", str(token).rstrip("\\") + '"')
            else:
                sink.add(BadNumber(span_of(source, token), str(token)))
                token = token.update("NUMBER", "0")
        elif kind == "STRING":
            if "\\" in token:
                _check_escapes(source, token, sink)
        elif (kind == "NUMBER" and not _representable(token)) or (kind == "CROSS" and len(token) > MAX_DIGITS):
            sink.add(BadNumber(span_of(source, token), str(token)))
            token = token.update("NUMBER", "0")
        tokens.append(token)
    return Lexed(tokens, comments)


def number(text: str) -> int | float:
    """The value of a number as written: an int unless it has a point or an exponent; `1.5M` is an int again."""
    factor = SUFFIXES.get(text[-1])
    if factor is None:
        return int(text) if text.isdigit() else float(text)
    text = text[:-1]
    if "e" in text or "E" in text:
        return float(text) * factor
    exact = Fraction(text) * factor
    return int(exact) if exact.denominator == 1 else float(exact)


def string(text: str) -> str:
    """The value of a string as written, quotes included; unknown escapes stay as they are."""
    body = text[1:-1]
    return _ESCAPE.sub(lambda m: ESCAPES.get(m[0], m[0]), body) if "\\" in body else body


def span_of(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


def _representable(text: str) -> bool:
    return (len(text) < 16 and "e" not in text and "E" not in text) or (
        len(text) <= MAX_DIGITS and math.isfinite(number(text))
    )


def _check_escapes(source: Source, token: Token, sink: Sink) -> None:
    start = token.start_pos or 0
    for match in _ESCAPE.finditer(token):
        if match[0] not in ESCAPES:
            sink.add(BadEscape(Span(source, start + match.start(), start + match.end()), match[0]))
