"""The pieces by what they show."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from .block import Block
from .writer import Writer

Write = Callable[[Writer], str]


@dataclass(frozen=True)
class Piece:
    """``shows`` in any case, ``may`` show besides. ``fits``: where it can stand. ``weight``: how often it is taken."""

    name: str
    write: Write
    shows: frozenset[str]
    may: frozenset[str]
    fits: Callable[[Block], bool]
    weight: float


PIECES: list[Piece] = []
"""Pieces whose every architecture is right."""
RISKS: list[Piece] = []
"""Pieces that may be wrong in some architectures, or in all, or in none."""
OTHER: set[str] = set()
"""Constructs that something else than a piece shows."""


def anywhere(block: Block) -> bool:
    return True


def windowed(block: Block) -> bool:
    return block.windowed


def piece(
    *shows: str,
    may: str = "",
    fits: Callable[[Block], bool] = anywhere,
    weight: float = 1.0,
    risk: bool = False,
) -> Callable[[Write], Write]:
    """Enter a piece. ``may``: more constructs, separated by `|`."""

    def enter(write: Write) -> Write:
        more = frozenset(word.strip() for word in may.split("|") if word.strip())
        made = Piece(write.__name__, write, frozenset(shows), more, fits, weight)
        (RISKS if risk else PIECES).append(made)
        return write

    return enter


def other(*shows: str) -> None:
    """Enter constructs that are shown by what is no piece."""
    OTHER.update(shows)


def write_piece(w: Writer, pieces: list[Piece] | None = None) -> str:
    """One piece that fits here."""
    w.budget -= 1
    w.block.begin()
    fitting = [p for p in (PIECES if pieces is None else pieces) if p.fits(w.block)]
    chosen = w.rng.choices(fitting, [p.weight for p in fitting])[0]
    w.show(*chosen.shows)
    return chosen.write(w)


def constructs() -> frozenset[str]:
    """All that pieces say they show."""
    found = set(OTHER)
    for made in PIECES:
        found |= made.shows | made.may
    return frozenset(found)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)
