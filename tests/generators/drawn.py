"""What drawings may hold, whatever stands in a file: elements of a page, lines of Mermaid; and no trace of code."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path


def untouched(folder: Path) -> None:
    """Nothing of a text was executed: each would leave a file."""
    assert not [path for path in folder.rglob("*") if "owned" in path.name]


class Elements(html.parser.HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"@{name}" for name, _ in attrs)}
        assert not any(value and "javascript" in value for name, value in attrs if name.endswith("href"))


PAGE = frozenset("html head meta title style body h1 p div svg g polygon path text ellipse a table tr th td".split())  # noqa: SIM905
PAGE_ATTRIBUTES = re.compile(
    r"@(lang|charset|name|content|class|id|xmlns.*|viewbox|transform|fill|stroke.*|points|d|x|y|cx|cy|rx|ry|text-.*|font-.*|xlink:title|width|height|dy|.*)"
)


def check_page(text: str) -> None:
    reader = Elements()
    reader.feed(text)
    reader.close()
    elements = {name for name in reader.found if not name.startswith("@")}
    assert elements <= PAGE | {"polyline", "tspan", "defs", "lineargradient", "stop", "rect", "line"}, elements
    assert not any(name.startswith("@on") or name == "@src" for name in reader.found)


MERMAID = re.compile(
    r" *(\w+(\(|\[|\{).*(\)|\]|\})(:::\w+)?|\w+ -\.?->(\|\".*\"\|)? \w+|subgraph \w+ \[\".*\"\]|end|classDef \w+ \S+)"
)


def check_mermaid(text: str) -> None:
    lines = text.splitlines()
    assert [lines[0], lines[2], lines[3]] == ["---", "---", "flowchart TB"]
    assert lines[1].startswith("title: ")
    assert all(MERMAID.fullmatch(line) for line in lines[4:]), lines
    assert "%%" not in text
    assert "<script" not in text
