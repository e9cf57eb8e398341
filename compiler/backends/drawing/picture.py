"""What is drawn, free of any format: items in nested boxes, and links between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ...record import record

ItemKind = Literal["input", "output", "op", "cell", "choose", "keep", "gate", "reduce"]


@record
class Item:
    """One symbol: an op is a leaf, whatever it consists of. ``lines`` stand under the title; ``hint`` is shown on
    hovering.
    """

    id: str
    kind: ItemKind
    title: str
    lines: tuple[str, ...] = ()
    hint: str = ""


@record
class Link:
    """A tensor on its way. ``open``: there in some architectures only."""

    source: str
    target: str
    label: str = ""
    open: bool = False


@dataclass(slots=True)
class Box:
    """A cell, an iteration of a repeat, or the whole; what it holds is drawn inside."""

    id: str
    title: str
    items: list[Item] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    def everything(self) -> Iterator[Item]:
        yield from self.items
        for box in self.boxes:
            yield from box.everything()

    def prune(self) -> None:
        """Drop empty boxes."""
        for box in self.boxes:
            box.prune()
        self.boxes = [box for box in self.boxes if box.items or box.boxes]


@record
class Picture:
    """``root`` has no frame of its own. ``facts`` are lines about the whole."""

    title: str
    facts: tuple[str, ...]
    root: Box
    links: tuple[Link, ...]
