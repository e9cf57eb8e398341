"""Parsing items so that one mistake hides no other."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from lark import Token, Tree
from lark.exceptions import UnexpectedToken as LarkUnexpected

from ..diagnostics.model import Sink
from ..diagnostics.source import Source
from ..diagnostics.syntax import UnexpectedToken
from .lexer import span_of
from .tables import load


class ItemParser:
    def __init__(self, source: Source, sink: Sink) -> None:
        self.source = source
        self.sink = sink

    def trees(self, items: Sequence[Sequence[Token]]) -> Iterator[Tree[Token]]:
        for tokens in items:
            parser = load().parse_interactive(start="item")
            try:
                for token in tokens:
                    parser.feed_token(token)
                yield parser.feed_eof(tokens[-1])  # type: ignore[no-untyped-call]
            except LarkUnexpected as error:
                self.sink.add(UnexpectedToken(span_of(self.source, error.token), ", ".join(sorted(error.accepts or ())), f"`{error.token}`"))
