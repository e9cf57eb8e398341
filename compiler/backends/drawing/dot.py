"""DOT text, for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from ...text.quoting import dot_record, dot_string, html_text
from .picture import Box, Item, Picture

FONT = "Helvetica"
STYLES: dict[str, str] = {
    "input": 'shape=box style="rounded,filled" fillcolor="#e8eef7" color="#5b7db1"',
    "output": 'shape=box style="rounded,filled" fillcolor="#e8eef7" color="#5b7db1"',
    "op": 'shape=box style="rounded,filled" fillcolor="#ffffff" color="#7a8594"',
    "cell": 'shape=box3d style="filled" fillcolor="#eef6ee" color="#5d9165"',
    "choose": 'shape=diamond style="filled" fillcolor="#fff3d6" color="#c9912b"',
    "gate": 'shape=diamond style="filled,dashed" fillcolor="#fff3d6" color="#c9912b"',
    "keep": 'shape=box style="rounded,filled" fillcolor="#fde7dc" color="#c7683a"',
    "reduce": 'shape=circle style="filled" fillcolor="#f1f3f5" color="#7a8594" margin="0.02"',
}
LISTS = 'shape=Mrecord style="filled" fillcolor="#fff3d6" color="#c9912b"'
"""A choose that lists its alternatives: a diamond would be far too wide."""
BOXES = ("#f7f8fa", "#eff1f5", "#e6e9ef")
"""Grounds of boxes by depth."""


def to_dot(picture: Picture) -> str:
    """The picture as DOT text, top to bottom."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    title = f"<<b>{html_text(picture.title)}</b><br/>{html_text(' · '.join(picture.facts))}>"
    yield f"digraph {dot_string(picture.title)} {{"
    yield f'  graph [rankdir=TB compound=true fontname="{FONT}" fontsize=13 fontcolor="#30363d" labelloc=t'
    yield f"         label={title}"
    yield '         nodesep=0.25 ranksep=0.35 pad=0.2 bgcolor="white"]'
    yield f'  node [fontname="{FONT}" fontsize=11 fontcolor="#24292f" margin="0.11,0.05" height=0.3]'
    yield f'  edge [fontname="{FONT}" fontsize=9 fontcolor="#57606a" color="#57606a" arrowsize=0.6]'
    yield from _box(picture.root, 0)
    for link in picture.links:
        style = [*(["style=dashed"] if link.open else []), *([f"label={dot_string(link.label)}"] if link.label else [])]
        suffix = f" [{' '.join(style)}]" if style else ""
        yield f"  {dot_string(link.source)} -> {dot_string(link.target)}{suffix}"
    yield "}"


def _box(box: Box, depth: int) -> Iterator[str]:
    pad = "  " * (depth + 1)
    for item in box.items:
        yield f"{pad}{_item(item)}"
    for inner in box.boxes:
        ground = BOXES[min(depth, len(BOXES) - 1)]
        yield f"{pad}subgraph {dot_string(f'cluster_{inner.id}')} {{"
        style = f'style="rounded,filled" fillcolor="{ground}" color="#c3cad3"'
        yield f"{pad}  graph [label={dot_string(inner.title)} labeljust=l {style}]"
        yield from _box(inner, depth + 1)
        yield f"{pad}}}"


def _item(item: Item) -> str:
    style = STYLES[item.kind]
    hint = f" tooltip={dot_string(item.hint)}" if item.hint else ""
    if item.kind == "choose" and item.lines:
        body = "|".join((dot_record(f"choose {item.title}"), "\\n".join(dot_record(line) for line in item.lines)))
        return f'{dot_string(item.id)} [{LISTS} label="{{{body}}}"{hint}]'
    if item.kind == "reduce" and item.title != "+":
        style = style.replace("shape=circle", "shape=box").replace('style="filled"', 'style="rounded,filled"')
    return f"{dot_string(item.id)} [{style} label=<{_table(item)}>{hint}]"


def _table(item: Item) -> str:
    """The title, and the lines under it in small; a table is what all layout programs centre."""
    rows = [f"<tr><td>{html_text(item.title)}</td></tr>"]
    rows += [
        f'<tr><td><font point-size="9" color="#57606a">{html_text(line)}</font></td></tr>'
        for line in item.lines
        if line
    ]
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{"".join(rows)}</table>'
