"""Mermaid text, which many forges and editors show."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...text.quoting import mermaid_label, mermaid_title
from .picture import Box, Item, Picture

SHAPES: dict[str, tuple[str, str]] = {
    "input": ("([", "])"),
    "output": ("([", "])"),
    "op": ("(", ")"),
    "cell": ("[[", "]]"),
    "choose": ("{{", "}}"),
    "gate": ("{", "}"),
    "keep": ("[/", "\\]"),
    "reduce": ("((", "))"),
}
CLASSES = {
    "input": "fill:#e8eef7,stroke:#5b7db1",
    "cell": "fill:#eef6ee,stroke:#5d9165",
    "choose": "fill:#fff3d6,stroke:#c9912b",
    "keep": "fill:#fde7dc,stroke:#c7683a",
}


def to_mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield "---"
    facts = ", ".join(picture.facts)
    yield f"title: {mermaid_title(f'{picture.title} ({facts})')}"
    yield "---"
    yield "flowchart TB"
    yield from _box(picture.root, 1)
    for link in picture.links:
        arrow = "-.->" if link.open else "-->"
        label = f"|{mermaid_label(link.label)}|" if link.label else ""
        yield f"  {_id(link.source)} {arrow}{label} {_id(link.target)}"
    for name, style in CLASSES.items():
        yield f"  classDef {name} {style}"


def _box(box: Box, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for item in box.items:
        yield pad + _item(item)
    for inner in box.boxes:
        yield f"{pad}subgraph {_id(f'box_{inner.id}')} [{mermaid_label(inner.title)}]"
        yield from _box(inner, depth + 1)
        yield f"{pad}end"


def _item(item: Item) -> str:
    before, after = SHAPES[item.kind]
    text = mermaid_label(item.title, *(line for line in item.lines if line))
    group = {"output": "input", "gate": "choose"}.get(item.kind, item.kind)
    suffix = f":::{group}" if group in CLASSES else ""
    return f"{_id(item.id)}{before}{text}{after}{suffix}"


def _id(text: str) -> str:
    return re.sub(r"\W", "_", text)
