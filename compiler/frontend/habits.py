"""Tokens that betray another language: read as what they were meant to be, and reported once each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..diagnostics.habits import BlockWithoutReturn, EqualsBeforeBlock
from ..diagnostics.model import Sink
from ..diagnostics.source import Source, Span
from .expected import CLOSERS
from .tokens import Token

FOREIGN = "FOREIGN"
"""The type of a token that :func:`joined` makes of two."""

# Two signs without a space between them → the terminal that they were meant to be.
_JOINED = {
    ("=", ">"): "ARROW",
    ("-", "->"): "ARROW",
    ("|", ">"): "ARROW",
    (">", ">"): "ARROW",
    ("&", "&"): "AND",
    ("|", "|"): "OR",
    ("<", ">"): "NE",
    ("=", "<"): "LE",
    (":", "="): "EQUAL",
}
_FIRST = frozenset(first for first, _ in _JOINED)
MEANT = {"".join(pair): terminal for pair, terminal in _JOINED.items()}
"""The text of a foreign sign → its terminal."""
_CLOSING = frozenset(CLOSERS.values())


def joined(tokens: Iterable[Token], text: str) -> Iterator[Token]:
    """The tokens of ``text``, where two that make up a sign of another language are one of type FOREIGN.

    A point with digits behind it alone is one of type BAD_NUMBER, what stands between typographic quotes one of type
    QUOTED.
    """
    held: Token | None = None
    quoted = 0
    for token in tokens:
        if (token.start_pos or 0) < quoted:
            continue
        if token == "“":
            start = token.start_pos or 0
            end = text.find("”", start)
            if end > 0 and "\n" not in text[start:end]:
                quoted = end + 1
                token = Token("QUOTED", text[start:quoted], start, token.line, token.column)
                token.end_line, token.end_pos = token.line, quoted
        if held is not None:
            fraction = held == "." and token.type == "NUMBER" and "." not in token
            if (fraction or (held, token) in _JOINED) and held.end_pos == token.start_pos:
                kind = "BAD_NUMBER" if fraction else FOREIGN
                both = Token(kind, f"{held}{token}", held.start_pos, held.line, held.column)
                both.end_line, both.end_column, both.end_pos = token.end_line, token.end_column, token.end_pos
                held = None
                yield both
                continue
            yield held
            held = None
        if token in _FIRST or (token == "." and not _attribute(token, text)):
            held = token
        else:
            yield token
    if held is not None:
        yield held


def _attribute(point: Token, text: str) -> bool:
    """Whether a point stands right behind something that may have an attribute."""
    start = point.start_pos or 0
    before = text[start - 1 : start]
    return before.isalnum() or before in ("_", ")", "]", "}", '"', ".")


def mended_body(source: Source, tokens: Sequence[Token], sink: Sink) -> list[Token]:
    """The tokens of an item, its body as it was meant: `= { y = …  return y }` and `{ conv(c, 3x3) }` are reported."""
    mended = list(tokens)
    if not any(token.type in ("OP", "CELL", "META") for token in mended[:5]) or mended[0].type == "EXTERN":
        return mended
    depth = 0
    for i, token in enumerate(mended):
        if token.type == "EQUAL" and depth == 0:
            if _at(mended, i + 1) == "LBRACE" and _begins_block(mended, i + 2):
                sink.add(EqualsBeforeBlock(_span(source, token, token), _span(source, mended[i + 1], mended[i + 1])))
                del mended[i]
            return mended
        if token.type == "LBRACE" and depth == 0:
            last = len(mended) - 1
            if last > i + 1 and mended[last].type == "RBRACE" and _one_expression(mended[i + 1 : last]):
                sink.add(BlockWithoutReturn(_span(source, mended[i + 1], mended[last - 1])))
                mended.insert(i + 1, Token("RETURN", "return", token.end_pos, token.line, token.column))
                mended[i + 1].end_pos, mended[i + 1].end_line = token.end_pos, token.end_line
            return mended
        depth += (token.type in CLOSERS) - (token.type in _CLOSING)
    return mended


def _at(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].type if i < len(tokens) else "$END"


def _begins_block(tokens: Sequence[Token], i: int) -> bool:
    kind, following = _at(tokens, i), _at(tokens, i + 1)
    return kind in ("RETURN", "FOR") or (kind == "NAME" and following == "EQUAL")


def _one_expression(tokens: Sequence[Token]) -> bool:
    """Whether what stands in braces looks like one expression: no statement, no `return`, no alternatives."""
    depth = 0
    for token in tokens:
        if depth == 0 and token.type in ("RETURN", "FOR", "EQUAL", "COMMA", "COLON", "LET"):
            return False
        if token.type == "RETURN":
            return False
        depth += (token.type in CLOSERS) - (token.type in _CLOSING)
        if depth < 0:
            return False
    return depth == 0 and tokens[0].type in ("NAME", "CHOOSE", "LPAR", "LSQB", "MAYBE", "REPEAT", "TIED", "EACH")


def _span(source: Source, first: Token, last: Token) -> Span:
    return Span(source, first.start_pos or 0, last.end_pos or 0)
