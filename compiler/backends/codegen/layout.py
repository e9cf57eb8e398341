"""Breaks generated lines the way ruff's formatter does, so that generated files need no formatter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

WIDTH = 120


@dataclass(frozen=True)
class Bracket:
    """A pair of brackets and what stands in it between commas. ``alone``: a single part gets no comma behind it, as in
    an index or in parentheses around an operand. ``comma``: a single part has one even on one line, as in ``(3,)``."""

    opening: str
    parts: tuple[Pieces, ...]
    closing: str
    alone: bool = False
    comma: bool = False

    @cached_property
    def inside(self) -> str:
        return ", ".join(map(flat, self.parts)) + "," * self.comma

    def __str__(self) -> str:
        return f"{self.opening}{self.inside}{self.closing}"


Pieces: TypeAlias = tuple[str | Bracket, ...]
"""A text in which the places are known where it may be broken."""


def flat(pieces: Pieces) -> str:
    """On one line."""
    return "".join(map(str, pieces))


def broken(pieces: Pieces, indent: int, end: str = "") -> list[str]:
    """The lines of a text and ``end`` at ``indent`` spaces: where it is too long for one, its last bracket is broken if
    nothing but ``end`` stands behind that."""
    pad = " " * indent
    text = flat(pieces)
    last = pieces[-1]
    if indent + len(text) + len(end) <= WIDTH or isinstance(last, str) or not last.parts:
        return [f"{pad}{text}{end}"]
    lines = [f"{pad}{flat(pieces[:-1])}{last.opening}"]
    if indent + 4 + len(last.inside) <= WIDTH and not last.comma:
        lines.append(f"{pad}    {last.inside}")
    elif len(last.parts) == 1 and last.alone:
        lines += broken(last.parts[0], indent + 4)
    else:
        for part in last.parts:
            lines += broken(part, indent + 4, ",")
    return [*lines, f"{pad}{last.closing}{end}"]


def broken_sum(head: str, terms: Sequence[Pieces], indent: int) -> list[str]:
    """The lines of ``head = term + term``, in parentheses, with a line or more for each term."""
    pad = " " * indent
    lines = [line for i, term in enumerate(terms) for line in broken(("+ ", *term) if i else term, indent + 4)]
    return [f"{pad}{head} = (", *lines, f"{pad})"]
