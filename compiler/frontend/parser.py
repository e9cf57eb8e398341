"""Text to AST."""

from __future__ import annotations

from ..diagnostics.model import Sink
from ..diagnostics.source import Source, Span
from ..diagnostics.syntax import MissingEdition, TooDeep, UnknownEdition
from . import ast
from .build import MAX_DEPTH, Builder, NestedTooDeeply
from .items import cut
from .lexer import lex, span_of
from .recovery import ItemParser

EDITION = 1
"""The newest edition of the language that is known here."""


def parse(source: Source, sink: Sink) -> ast.File:
    """The AST of a text. Syntax errors go to ``sink``; the declarations that hold none are in the file returned."""
    tokens = lex(source, sink).tokens
    edition: int | None = None
    if tokens and tokens[0].type == "STDSL" and len(tokens) > 1 and tokens[1].type == "NUMBER":
        if tokens[1] != str(EDITION):
            sink.add(UnknownEdition(span_of(source, tokens[1]), str(tokens[1]), EDITION))
            return ast.File(source, int(tokens[1]) if tokens[1].isdigit() else None, (), ())
        edition = EDITION
        tokens = tokens[2:]
    elif tokens:
        sink.add(MissingEdition(span_of(source, tokens[0])))
        if tokens[0].type == "STDSL":
            tokens = tokens[1:]
    else:
        sink.add(MissingEdition(Span(source, 0, 0)))

    uses: list[ast.Use] = []
    declarations: list[ast.Declaration] = []
    builder = Builder(source)
    for tree in ItemParser(source, sink).trees(cut(tokens)):
        builder.depth = 0
        try:
            item = builder.item(tree)
        except NestedTooDeeply as error:
            sink.add(TooDeep(error.span, MAX_DEPTH))
            continue
        if isinstance(item, ast.Use):
            uses.append(item)
        else:
            declarations.append(item)
    return ast.File(source, edition, tuple(uses), tuple(declarations))
