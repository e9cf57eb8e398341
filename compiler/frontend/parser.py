"""Text to AST."""

from __future__ import annotations

from ..diagnostics.model import Sink
from ..diagnostics.source import Source, Span
from ..diagnostics.syntax import MissingEdition, TooDeep, UnknownEdition
from ..record import record
from . import ast
from .build import Builder
from .expressions import MAX_CHAIN, MAX_DEPTH, NestedTooDeeply
from .items import cut
from .lexer import lex, span_of
from .recovery import ItemParser
from .tokens import Token, Tree

EDITION = 1
"""The newest edition of the language that is known here."""


@record
class Parsed:
    """A text as the grammar sees it: its tokens and comments, and the parse trees of the items without mistakes."""

    edition: int | None
    tokens: list[Token]
    comments: list[Token]
    trees: list[Tree[Token]]


def read(source: Source, sink: Sink) -> Parsed:
    """The parse trees of a text. Mistakes go to ``sink``."""
    lexed = lex(source, sink)
    tokens = lexed.tokens
    if tokens and tokens[0].type == "STDSL":
        number = tokens[1] if len(tokens) > 1 and tokens[1].type == "NUMBER" else None
        if number is None:
            sink.add(MissingEdition(span_of(source, tokens[0])))
        elif number != str(EDITION):
            sink.add(UnknownEdition(span_of(source, number), str(number), EDITION))
            return Parsed(int(number) if number.isdigit() else None, tokens, lexed.comments, [])
        items = tokens[1 if number is None else 2 :]
        edition = None if number is None else EDITION
    else:
        later = next((i for i, token in enumerate(tokens) if token.type == "STDSL" and token.column == 1), None)
        if later is None:
            sink.add(MissingEdition(span_of(source, tokens[0]) if tokens else Span(source, 0, 0)))
            items, edition = tokens, None
        else:
            sink.add(MissingEdition(span_of(source, tokens[later]), later=True))
            end = later + 2 if later + 1 < len(tokens) and tokens[later + 1].type == "NUMBER" else later + 1
            items, edition = [*tokens[:later], *tokens[end:]], None
    return Parsed(edition, tokens, lexed.comments, list(ItemParser(source, sink, lexed.left_out).trees(cut(items))))


def parse(source: Source, sink: Sink) -> ast.File:
    """The AST of a text. Syntax errors go to ``sink``; the declarations that hold none are in the file returned."""
    parsed = read(source, sink)
    uses: list[ast.Use] = []
    declarations: list[ast.Declaration] = []
    for tree in parsed.trees:
        try:
            item = Builder(source).item(tree)
        except NestedTooDeeply as error:
            sink.add(TooDeep(error.span, MAX_CHAIN if error.chained else MAX_DEPTH, error.chained))
            continue
        if isinstance(item, ast.Use):
            uses.append(item)
        else:
            declarations.append(item)
    return ast.File(source, parsed.edition, tuple(uses), tuple(declarations))
