"""Rules of the canonical layout, one by one; whole files are in tests/golden/fmt."""

from __future__ import annotations

import pytest

from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import formatter
from stdsl.compiler.frontend.formatter import FormatError, format_source


def fmt(text: str) -> str:
    head, _, rest = format_source(Source("f.space", f"stdsl 1\n{text}")).partition("\n")
    assert head == "stdsl 1"
    return rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let   a=1", "let a = 1\n"),
        ("let a = f( x , y=2 )", "let a = f(x, y = 2)\n"),
        ("let a = x [ < i ] [1] . b", "let a = x[<i][1].b\n"),
        ("let a = 1 .b", "let a = 1 .b\n"),
        ("let a = - 1 .. n*2", "let a = -1..n * 2\n"),
        ("let a = {x,y :f}", "let a = {x, y: f}\n"),
        ("let a = (1,)", "let a = (1,)\n"),
        ("let a = [x, y,]", "let a = [\n  x,\n  y,\n]\n"),
        ("let a = x->repeat 3{f}", "let a = x -> repeat 3 { f }\n"),
        ("let a = ((1))", "let a = ((1))\n"),
        ("let a = 1\n\n\n\nlet b = 2\nlet c = 3", "let a = 1\n\nlet b = 2\nlet c = 3\n"),
        ("cell c on x {return x}", "cell c on x {\n  return x\n}\n"),
        ("search s { a = 1 }", "search s {\n  a = 1\n}\n"),
        ("search s { }", "search s { }\n"),
        ("search s { a { b = 1 c = 2 } }", "search s {\n  a { b = 1  c = 2 }\n}\n"),
        ("search s { a {\nb = 1 cc = 2 } }", "search s {\n  a {\n    b  = 1\n    cc = 2\n  }\n}\n"),
        ("search s { a = 1 bcd = 2\n\nlonger = 3 }", "search s {\n  a   = 1\n  bcd = 2\n\n  longer = 3\n}\n"),
    ],
)
def test_layout(text: str, expected: str) -> None:
    assert fmt(text) == expected


def test_width_decides() -> None:
    name = "n" * 85
    assert fmt(f"let {name} = f(a)") == f"let {name} = f(a)\n"
    assert fmt(f"let {name} = f(aaaaaaaa)") == f"let {name} = f(\n  aaaaaaaa,\n)\n"
    assert fmt(f"let {name} = f([aaaaaaaa])") == f"let {name} = f([\n  aaaaaaaa,\n])\n"
    assert fmt(f"let a = {name} -> bb") == f"let a = {name} -> bb\n"
    assert fmt(f"let a = {name} -> bbbb") == f"let a = {name}\n  -> bbbb\n"


def test_line_ends_of_other_systems() -> None:
    assert format_source(Source("f", "stdsl 1\r\nlet a = 1  # x\r\n")) == "stdsl 1\nlet a = 1  # x\n"


def test_syntax_errors_are_raised() -> None:
    with pytest.raises(SpaceError) as error:
        format_source(Source("f", "stdsl 1\nlet a = "))
    assert [d.code for d in error.value.diagnostics] == ["E0101"]


def test_a_wrong_layout_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(formatter.Printer):
        def print(self, doc: object) -> str:
            return "stdsl 1\nlet a = 2\n"

    monkeypatch.setattr(formatter, "Printer", Wrong)
    with pytest.raises(FormatError, match="meaning"):
        format_source(Source("f", "stdsl 1\nlet a = 1\n"))
    with pytest.raises(FormatError, match="comment"):
        format_source(Source("f", "stdsl 1\nlet a = 2  # lost\n"))


def test_the_deepest_text_can_be_formatted() -> None:
    deep = "let a = " + "f([" * 48 + "1" + "])" * 48
    assert "".join(fmt(deep).split()).replace(",]", "]").replace(",)", ")") == "".join(deep.split())
