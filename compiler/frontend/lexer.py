"""Text to tokens: the whole text at once, whatever is wrong with it.

Characters without a meaning, unclosed strings and malformed numbers are reported. What they were meant to be is put in
their place where that is clear, so that the parser does not stumble over the same mistake again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from ..diagnostics.habits import ForeignSign
from ..diagnostics.model import Sink
from ..diagnostics.source import Source, Span
from ..diagnostics.syntax import BadCharacter, BadEscape, BadNumber, ManyUnknownCharacters, UnterminatedString
from ..record import record
from .expected import SIGNS
from .habits import FOREIGN, MEANT, joined
from .tables import load
from .tokens import Token

SUFFIXES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
# More digits than any number needs; Python itself refuses to read integers of over 4 300.
MAX_DIGITS = 400
ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}
# After so many mistakes a text is none of this language; the rest is only counted.
MAX_TOLD = 100
_CROSSED = re.compile(r"\d{1,9}(x(\d{1,9}|[A-Za-wyz_][A-Za-wyz0-9_]*))+")
"""`1xk`, `3xkxk`: a tuple of which some items have names, as it is not written."""
_BEGINNING = re.compile(r"\d+(\.\d+)?")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_MISTAKES = frozenset(("BAD_NUMBER", "BAD_WORD", "OPEN_STRING", "QUOTED", "BAD_CHARACTER", FOREIGN))
# What a character was meant to be.
_MEANT = {"→": "ARROW", "×": "STAR", "…": "RANGE", "–": "MINUS", "−": "MINUS", "^": "POWER"}
_MEANT |= {"&": "AND", "|": "OR", "!": "NOT", "≤": "LE", "≥": "GE", "≠": "NE"}


@record
class Lexed:
    """The tokens of a text in order, comments apart. ``left_out``: by line, where the first character stands of which
    no token came."""

    tokens: list[Token]
    comments: list[Token]
    left_out: dict[int, int]


def lex(source: Source, sink: Sink) -> Lexed:
    """All tokens and comments of a text; mistakes go to ``sink``."""
    tokens: list[Token] = []
    comments: list[Token] = []
    left_out: dict[int, int] = {}
    first_untold: Token | None = None
    mistakes = 0
    for token in _runs(joined(load().scanner.tokens(source.text), source.text)):
        kind = token.type
        if kind == "COMMENT":
            comments.append(token)
        elif kind in _MISTAKES or (kind in ("NUMBER", "CROSS") and not _representable(token)):
            mistakes += 1
            if mistakes == MAX_TOLD + 1:
                first_untold = token
            meant = _mend(source, token, sink if mistakes <= MAX_TOLD else Sink())
            tokens += meant
            if not meant and token[0] != ";":
                left_out.setdefault(token.line or 0, token.start_pos or 0)
        else:
            if kind == "STRING" and "\\" in token:
                _check_escapes(source, token, sink)
            tokens.append(token)
    if first_untold is not None:
        sink.add(ManyUnknownCharacters(span_of(source, first_untold), mistakes - MAX_TOLD))
    return Lexed(tokens, comments, left_out)


def _runs(tokens: Iterable[Token]) -> Iterator[Token]:
    """Equal characters without a meaning that stand side by side are one mistake."""
    run: Token | None = None
    for token in tokens:
        if run is not None and _goes_on(run, token):
            run = _part(run, run.type, f"{run}{token}", run.start_pos or 0, token.end_pos or 0)
            continue
        if run is not None:
            yield run
        run = token
    if run is not None:
        yield run


def _goes_on(run: Token, token: Token) -> bool:
    if run.type != "BAD_CHARACTER" or token.type != "BAD_CHARACTER" or run.end_pos != token.start_pos:
        return False
    return run[0] == token[0] and token not in _MEANT and token[0].isprintable()


def _mend(source: Source, token: Token, sink: Sink) -> list[Token]:
    """Reports a mistake; the tokens that were meant, none if there is no telling."""
    span = span_of(source, token)
    match token.type:
        case "BAD_CHARACTER":
            # A byte-order mark that an editor left is no mistake of the user's.
            if not (token == "\ufeff" and token.start_pos == 0):
                sink.add(BadCharacter(span, str(token)))
            return [_sign(token, _MEANT[token])] if token in _MEANT else []
        case "FOREIGN":
            meant = _sign(token, MEANT[token])
            sink.add(ForeignSign(span, str(token), str(meant)))
            return [meant]
        case "BAD_WORD":
            sink.add(BadCharacter(span, next(c for c in token if not c.isascii())))
            return [token.update("NAME")]
        case "QUOTED":
            sink.add(BadCharacter(span, token[0]))
            return [token.update("STRING", f'"{token[1:-1]}"')]
        case "OPEN_STRING":
            sink.add(UnterminatedString(span))
            return [token.update("STRING", str(token).rstrip("\\") + '"')]
        case _:
            crossed = _CROSSED.fullmatch(token) is not None
            parts = token.split("x") if crossed else []
            sink.add(BadNumber(span, str(token), f"({', '.join(parts)})" if parts else ""))
            return _tuple(token, parts) if parts else [token.update("NUMBER", _digits(str(token)))]


def _tuple(token: Token, parts: Sequence[str]) -> list[Token]:
    """`1xk` as the tokens of `(1, k)`, each in the place of its part."""
    found: list[Token] = []
    start = token.start_pos or 0
    for part in parts:
        found.append(_part(token, "COMMA" if found else "LPAR", "," if found else "(", start - bool(found), start))
        found.append(_part(token, "NUMBER" if part.isdigit() else "NAME", part, start, start + len(part)))
        start += len(part) + 1
    return [*found, _part(token, "RPAR", ")", start - 1, start - 1)]


def _part(token: Token, terminal: str, text: str, start: int, end: int) -> Token:
    """A token that was meant by a part of another, from ``start`` to ``end``."""
    before = (token.start_pos or 0) - (token.column or 0)
    return Token(terminal, text, start, token.line, start - before, token.end_line, end - before, end)


def _digits(text: str) -> str:
    """The number that what is none begins with."""
    found = _BEGINNING.match(text.replace("_", "") if text[0] != "." else f"0{text}")
    return found[0][:15] if found else "0"


def _sign(token: Token, terminal: str) -> Token:
    """The sign or word of a terminal in a token's place."""
    return token.update(terminal, SIGNS.get(terminal, terminal.lower()))


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


def exact_number(text: str) -> Fraction:
    """The same, not rounded to a float."""
    factor = SUFFIXES.get(text[-1])
    return Fraction(text) if factor is None else Fraction(text[:-1]) * factor


def string(text: str) -> str:
    """The value of a string as written, quotes included; unknown escapes stay as they are."""
    body = text[1:-1]
    return _ESCAPE.sub(lambda m: ESCAPES.get(m[0], m[0]), body) if "\\" in body else body


def span_of(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


def _representable(token: Token) -> bool:
    if len(token) < 16 and token.isdigit():
        return True
    if len(token) > MAX_DIGITS or token.type == "CROSS":
        return len(token) <= MAX_DIGITS
    value = number(str(token))
    return abs(value) <= sys.float_info.max


def _check_escapes(source: Source, token: Token, sink: Sink) -> None:
    start = token.start_pos or 0
    for match in _ESCAPE.finditer(token):
        if match[0] not in ESCAPES:
            sink.add(BadEscape(Span(source, start + match.start(), start + match.end()), match[0]))
