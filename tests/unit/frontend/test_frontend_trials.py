"""What is tried on a copy of the parser leaves no trace in what it parses."""

from __future__ import annotations

import pytest

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.automaton import END
from stdsl.compiler.frontend.items import cut
from stdsl.compiler.frontend.lexer import lex
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.frontend.tokens import Token, Tree
from stdsl.compiler.frontend.trial import fits, fresh

TRIED = [Token("EQ", "=="), Token("RANGE", ".."), Token("PLUS", "+"), Token("COMMA", ","), Token("ARROW", "->")]
TRIED += [Token("RBRACE", "}"), Token("RPAR", ")"), Token("RSQB", "]"), Token("NAME", "x"), Token("NUMBER", "1")]

TEXTS = [
    "let a = 1..2 == 3 + 4 * 5 - 2 ** 3 ** 4",
    "cell c on x { y = [x, *x, 1 .. 2] -> each choose {a, b: c(1, d = 2)} as k -> sum z = y return z }",
    "meta m(c = 1, d: e = 2) on x: image(1, 2), *y { for i in 1..2 { z[i] = x[<i] } return if a then b.c[1] else d }",
    "space s(a = 1) = m(a, b = 2) where a < b and not c or d in {1, 2}, flops <= 3",
    "search s { a = 1 b { c = d(1) { e = 2 } } f = [1, 2] }",
]


def parsed(tokens: list[Token], tried: bool) -> Tree[Token]:
    parser = fresh()
    for i, token in enumerate(tokens):
        if tried:
            for other in TRIED:
                fits(parser, [other])
                fits(parser, [other, *tokens[i : i + 3]])
            fits(parser, tokens[i : i + 4])
            parser.copied()
        parser.feed(token)
    tree: Tree[Token] = parser.feed(tokens[-1].update(END, ""))
    return tree


@pytest.mark.parametrize("text", TEXTS)
def test_trials_leave_the_tree_alone(text: str) -> None:
    source = Source("t.space", text)
    tokens = lex(source, Sink()).tokens
    for item in cut(tokens):
        if str(item[0]) != "stdsl":
            assert parsed(list(item), tried=True) == parsed(list(item), tried=False)


def test_a_range_compared_by_one_equals_sign_is_no_comparison() -> None:
    sink = Sink()
    parse(Source("t.space", "stdsl 1\nlet a = 1..2 = 3\nlet b = 1 + 2 = 3\n"), sink)
    assert [d.code for d in sink.diagnostics] == ["E0101", "E0101"]
    file = parse(Source("t.space", "stdsl 1\nlet a = 1..2 = 3\n"), Sink())
    for declaration in file.declarations:
        assert isinstance(declaration, ast.Let)
        assert isinstance(declaration.value, ast.Binary)
        assert declaration.value.op == ".."
