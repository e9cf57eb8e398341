"""A piece of a text as it can be quoted: on one line, and without its comments."""

from __future__ import annotations

from ..diagnostics.model import Sink
from ..diagnostics.source import Source, Span
from .lexer import lex


def one_line(span: Span) -> str:
    """The words at a place without syntax errors. Between two of them is a space where they stand apart, but for the
    first and the last inside a round or square bracket."""
    source = Source(span.source.name, span.text)
    parts: list[str] = []
    end = 0
    for token in lex(source, Sink()).tokens:
        assert token.start_pos is not None
        assert token.end_pos is not None
        apart = token.start_pos > end and parts and parts[-1] not in ("(", "[") and token not in (")", "]")
        parts += [" "] if apart else []
        parts.append(source.text[token.start_pos : token.end_pos])
        end = token.end_pos
    return "".join(parts)
