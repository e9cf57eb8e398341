"""A place of a text on one line says what the place says."""

from __future__ import annotations

from pathlib import Path

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.compare import same
from stdsl.compiler.frontend.one_line import one_line
from stdsl.compiler.frontend.parser import parse

LIBRARY = Path(__file__).parents[3] / "spaces"


def test_declarations_of_the_library_mean_the_same_on_one_line() -> None:
    paths = sorted(LIBRARY.rglob("*.space"))
    assert len(paths) > 10
    for path in paths:
        source = Source("a", path.read_text(encoding="utf-8"))
        whole = parse(source, Sink())
        lines = [one_line(part.span) for part in sorted((*whole.uses, *whole.declarations), key=lambda d: d.span.start)]
        assert not any("\n" in line for line in lines)
        sink = Sink()
        assert same(whole, parse(Source("a", "stdsl 1\n" + "\n".join(lines) + "\n"), sink)), path
        assert not sink.diagnostics


def test_comments_are_left_out() -> None:
    text = (
        'stdsl 1\nspace a = net(\n  2 ,  # two\n  k = "#  no comment",\n)\n'
        'where n in { 1, 2 }, size( "**.n" ) <= 1x3 [ 0 ]\n'
    )
    (space,) = parse(Source("a", text), Sink()).declarations
    expected = 'space a = net(2 , k = "#  no comment",) where n in { 1, 2 }, size("**.n") <= 1x3 [0]'
    assert one_line(space.span) == expected
