"""Every mistake of a text is found, once, and nothing makes the parser fail."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.model import Diagnostic, Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.expressions import MAX_DEPTH
from stdsl.compiler.frontend.parser import parse

ROOT = Path(__file__).parents[3]
TEXTS = sorted([*(ROOT / "spaces").rglob("*.space"), *(ROOT / "tests" / "golden" / "fmt").glob("*.space")])


def read(text: str, edition: str = "stdsl 1\n") -> tuple[ast.File, tuple[Diagnostic, ...]]:
    sink = Sink()
    file = parse(Source("r.space", edition + text), sink)
    return file, sink.diagnostics


def names(file: ast.File) -> list[str]:
    return [d.name.id for d in file.declarations]


def test_the_other_declarations_are_there() -> None:
    file, found = read("let a = 1\nop b(k = = relu\ncell c on x {\n y = \n return y\n}\nlet d = 4\n")
    assert names(file) == ["a", "d"]
    assert [str(d.span) for d in found] == ["r.space:3:10", "r.space:5:5"]


def test_mistakes_in_one_body_are_all_found() -> None:
    _, found = read("cell c on x {\n  a = f(1 2)\n  b = [x, ]]\n  for i in { d = 1 }\n  e = x ->\n  return\n}")
    lines = [d.span.source.position(d.span.start).line for d in found if d.span]
    assert lines == [3, 4, 5, 6, 8]


def test_an_unclosed_bracket_harms_its_own_declaration_only() -> None:
    file, found = read("cell a on x {\n  y = f(x\n  return y\n}\nop b = relu\nspace c = m({1, 2}\nop d = bn")
    assert names(file) == ["b", "d"]
    assert len(found) == 2


def test_a_misspelt_keyword_is_guessed() -> None:
    file, found = read("let a = 1\ncel b on x {\n  return x\n}\nlet c = 3")
    assert names(file) == ["a", "b", "c"]
    (one,) = found
    assert one.code == "E0110"
    assert one.fix is not None
    assert one.fix.edits[0].text == "cell"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell c on x { y = x ->  }", "expected an expression after `->`, found `}`"),
        ("let a = f(1 2)", "expected `,` or `)` after `1`, found `2`"),
        ("let a = {b = c}", "expected `,`, `:` or `}` after `b`, found `=`"),
        ("search s { a: 3 }", "expected `=` or `{` after `a`, found `:`"),
        ("search s { 3 = a }", "expected a setting or `}` after `{`, found `3`"),
        ("let a = x -> keep as k", "expected `any`, `all`, a number or a range after `keep`, found `as`"),
        ("let a = choose b as 3", "expected a label after `as`, found `3`"),
        ("let a = x.3", "expected a name after `.`, found `3`"),
        ("ops a = { b: c(3). }", "expected a name after `.`, found `}`"),
        ("cell c on x { y = x. }", "expected a name after `.`, found `}`"),
        ("let 3 = a", "expected a name after `let`, found `3`"),
        ("let a", "expected `=` after `a`, found the end of the file"),
        ("cell c on x { for i 1..3 { } return x }", "expected `in` after `i`, found `1`"),
        ("let a = if b c", "expected `then` after `b`, found `c`"),
        ("a", "expected a declaration, found `a`"),
        ("let a = (b", "this `(` is never closed"),
        ("cell c on x { y = x }", "this body ends without `return`"),
        ("let as = 1", "expected a name, but `as` is a word of the language"),
    ],
)
def test_messages(text: str, message: str) -> None:
    _, found = read(text)
    assert [d.message for d in found] == [message]


def test_editions() -> None:
    assert [d.code for d in read("let a = 1", "")[1]] == ["E0105"]
    assert [d.code for d in read("", "")[1]] == ["E0105"]
    assert names(read("let a = 1", "")[0]) == ["a"]
    file, found = read("let a = = 1", "stdsl 2\n")
    assert [d.code for d in found] == ["E0106"]
    assert (file.edition, names(file)) == (2, [])
    assert read("")[0].edition == 1


@pytest.mark.parametrize(
    "nested", ["({})", "f({})", "[{}]", "-{}", "not {}", "if a then b else {}", "a + {}", "{} + a", "2 ** {}"]
)
def test_deep_nesting_is_a_diagnostic(nested: str) -> None:
    def text(depth: int) -> str:
        before, after = nested.split("{}")
        return f"let a = {before * depth}1{after * depth}"

    assert read(text(MAX_DEPTH - 5))[1] == ()
    file, (found,) = read(text(5_000) + "\nlet b = 2")
    assert found.code == "E0107"
    assert names(file) == ["b"]


def test_deep_blocks_are_a_diagnostic() -> None:
    _, found = read("cell c on x {" + "for i in 1..2 {" * 3_000 + "}" * 3_000 + "return x }")
    assert [d.code for d in found] == ["E0107"]
    _, found = read("search s {" + "a {" * 3_000 + "}" * 3_000 + "}")
    assert [d.code for d in found] == ["E0107"]


def test_prefixes_and_damage_never_fail() -> None:
    """Some; `make fuzz` makes tens of thousands of mutants, and checks them."""
    rng = random.Random(0)
    texts = [path.read_text(encoding="utf-8") for path in TEXTS]
    signs = [
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        "=",
        "->",
        ".",
        "return",
        '"',
        "'",
        "3x",
        "op ",
        "let x",
        "choose ",
        " x ",
        "\n",
        "é",
        "<",
    ]
    for n in range(250):
        text = rng.choice(texts)
        at = rng.randrange(len(text))
        text = text[:at] if n % 2 else text[:at] + rng.choice(signs) + text[at + rng.randrange(3) :]
        sink = Sink()
        parse(Source("p.space", text), sink)
        for d in sink.diagnostics:
            assert d.span is not None
            assert 0 <= d.span.start <= d.span.end <= len(text)
            assert d.message
        places = [(d.code, d.span) for d in sink.diagnostics]
        assert len(places) == len(set(places)), text


@pytest.mark.parametrize(
    "text", ["meta m on image:(6)\nmeta {", "op c on x\nlet = 3", "cell c on x\n  = x\n  return x\n"]
)
def test_a_place_is_told_of_once(text: str) -> None:
    _, found = read(text)
    places = [d.span for d in found]
    assert places
    assert len(places) == len(set(places))


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_texts_of_the_project_parse(path: Path) -> None:
    sink = Sink()
    parse(Source(path.name, path.read_text(encoding="utf-8"), path), sink)
    assert sink.diagnostics == ()


@pytest.mark.parametrize("digits", [309, 350, 400, 401, 5_000])
def test_whole_numbers_beyond_the_range_are_told_of(digits: int) -> None:
    assert [d.code for d in read(f"let c = {'9' * digits}\n")[1]] == ["E0104"]


def test_the_greatest_whole_numbers_are_read() -> None:
    assert read(f"let c = {'9' * 308}\n")[1] == ()
