"""The AST as text."""

from __future__ import annotations

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.dump import dump
from stdsl.compiler.frontend.parser import parse


def test_dump() -> None:
    text = "stdsl 1\nlet a = none\nuse std.x (b)\ntied cell c(k = 3) on *xs = xs[<2] -> keep any as l\n"
    assert dump(parse(Source("d.space", text), Sink())) == (
        "File d.space edition=1\n"
        "  Let a @2:1\n"
        "    Literal None @2:9\n"
        "  Use target=std.x @3:1\n"
        "    Imported b @3:12\n"
        "  OpDecl c kind=cell tied @4:1\n"
        "    parameters: Parameter k @4:13\n"
        "      Literal 3 @4:17\n"
        "    inputs: Input xs variadic @4:23\n"
        "    body: Block short @4:27\n"
        "      Return @4:29\n"
        "        Pipe @4:29\n"
        "          left: Index before @4:29\n"
        "            base: Name xs @4:29\n"
        "            index: Literal 2 @4:33\n"
        "          right: Keep size=any label=l @4:39\n"
    )
