"""The four renderings of diagnostics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from stdsl.compiler.diagnostics.model import Diagnostic, Edit, Fix, Label, Severity
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source, Span

FIRST = Source("a.space", "stdsl 1\nlet wide = 3\nlet x = 4\nlet y = 5\nlet z = 6\nlet wide = 7\n")
SECOND = Source("b.space", "\tlet größe = 1\n")


@dataclass(frozen=True)
class Twice(Diagnostic):
    other: Span
    third: Span | None = None

    code: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.WARNING

    @property
    def message(self) -> str:
        return "`wide`, twice: 100%"

    @property
    def label(self) -> str:
        return "again"

    @property
    def secondary(self) -> tuple[Label, ...]:
        labels = (Label(self.other, "first"),)
        return (*labels, Label(self.third, "elsewhere")) if self.third else labels

    @property
    def notes(self) -> tuple[str, ...]:
        return ("a note",)

    @property
    def help(self) -> str | None:
        return "one line\nanother"

    @property
    def fix(self) -> Fix | None:
        assert self.span is not None
        return Fix("rename", (Edit(self.span, "wider"),))


@dataclass(frozen=True)
class Nowhere(Diagnostic):
    code: ClassVar[str] = ""

    @property
    def message(self) -> str:
        return "no such file"


def here(source: Source, text: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


TWICE = Twice(here(FIRST, "wide", 1), here(FIRST, "wide"))


def test_full() -> None:
    assert render([TWICE], "full", color=False) == (
        "warning: `wide`, twice: 100%\n"
        " --> a.space:6:5\n"
        "  |\n"
        "2 | let wide = 3\n"
        "  |     ---- first\n"
        "...\n"
        "6 | let wide = 7\n"
        "  |     ^^^^ again\n"
        "  = note: a note\n"
        "  = help: one line\n"
        "          another\n"
    )


def test_full_with_another_file_tabs_and_wide_characters() -> None:
    text = render([Twice(here(FIRST, "wide"), here(FIRST, "3"), here(SECOND, "größe"))], "full", color=False)
    assert "2 | let wide = 3\n  |            - first\n  |     ^^^^ again\n" in text
    assert " ::: b.space:1:6\n  |\n1 |     let größe = 1\n  |         ----- elsewhere\n" in text


def test_full_with_a_span_of_several_lines_and_at_the_end() -> None:
    text = render([Twice(Span(FIRST, 12, 40), Span(FIRST, len(FIRST.text), len(FIRST.text)))], "full", color=False)
    assert "2 | let wide = 3\n  |     ^^^^^^^^ again\n" in text
    assert "7 |\n  | - first\n" in text


def test_full_without_a_place() -> None:
    assert render([Nowhere(None)], "full", color=False) == "error: no such file\n"


def test_colour_changes_nothing_but_colour() -> None:
    import re

    coloured = render([TWICE, Nowhere(None)], "full", color=True)
    assert "\x1b[1;33m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([TWICE, Nowhere(None)], "full", color=False)
    assert "\x1b" not in render([TWICE], "concise", color=True)


def test_a_source_cannot_command_the_terminal() -> None:
    source = Source("c.space", "let \x1b[31m = 1")
    assert "\x1b" not in render([Twice(Span(source, 0, 3), Span(source, 4, 5))], "full", color=False)


def test_concise() -> None:
    assert render([TWICE, Nowhere(None)], "concise", color=False) == (
        "a.space:6:5: `wide`, twice: 100%\nno such file\n"
    )


def test_github() -> None:
    assert render([TWICE], "github", color=False) == (
        "::warning file=a.space,line=6,col=5,endLine=6,endColumn=9,title=::"
        "`wide`, twice: 100%25%0Aa note%0Ahelp: one line%0Aanother\n"
    )
    assert render([Nowhere(None)], "github", color=False) == "::error title=::no such file\n"


def test_json() -> None:
    first, second = json.loads(render([TWICE, Nowhere(None)], "json", color=False))
    assert first["severity"] == "warning"
    assert first["span"] == {
        "file": "a.space",
        "start": {"line": 6, "column": 5, "offset": TWICE.other.start + 43},
        "end": {"line": 6, "column": 9, "offset": TWICE.other.start + 47},
    }
    assert [label["text"] for label in first["labels"]] == ["first"]
    assert first["fix"]["edits"][0]["text"] == "wider"
    assert second["span"] is None
    assert json.loads(render([], "json", color=False)) == []


def test_nothing_is_nothing() -> None:
    for format in ("full", "concise", "github"):
        assert render([], format, color=False) == ""  # type: ignore[arg-type]
