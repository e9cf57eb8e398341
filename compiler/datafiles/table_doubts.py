"""What of a table may be meant otherwise than it is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from .tables import Table, known, missing, number

Doubt = tuple[str, str]
"""What is the case, and what to do where it is not meant."""
_COMMA = re.compile(r"[+-]?\d+,\d+")


def doubts_of_features(table: Table, names: Collection[str], meant: Collection[str]) -> Iterator[Doubt]:
    """About columns whose texts become features. ``meant``: those that are said to name categories."""
    for name in names:
        cells = {cell for cell in table.columns[name] if not missing(cell)}
        numbers = {cell for cell in cells if number(cell) is not None}
        if name in table.nested:
            yield (
                f"its column `{name}` holds lists or tables, and each that differs is a category",
                "leave it out with `without`, or make columns of what it holds",
            )
        elif name in meant:
            continue
        elif _commas(cells):
            yield _of_commas(name, cells)
        elif len(numbers) > len(cells) / 2:
            odd = min(cells - numbers)
            yield (
                f"{len(numbers):,} of {len(cells):,} different cells of its column `{name}` are numbers and `{odd}` is "
                "none, so that all are categories",
                f'correct it, or write `categories = ["{name}"]`',
            )


def doubts_of_targets(table: Table, names: Collection[str]) -> Iterator[Doubt]:
    """About columns that name classes."""
    for name in names:
        cells = set(table.columns[name])
        if _commas(cells):
            yield _of_commas(name, cells)


def strangers(table: Table, features: Sequence[tuple[str, str | None]]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The columns of a table that hold none of their categories, with a text that one holds, and the categories."""
    categories: dict[str, list[str]] = {}
    for name, category in features:
        if category is not None:
            categories.setdefault(name, []).append(category)
    for name, own in categories.items():
        cells = {cell for cell in table.columns[name] if not missing(cell)}
        if cells and not {known(cell) for cell in cells} & {known(category) for category in own}:
            yield name, min(cells), tuple(own)


def _commas(cells: Collection[str]) -> bool:
    """Whether texts are numbers, some of them with a comma before their fractions."""
    return any(map(_COMMA.fullmatch, cells)) and all(
        missing(cell) or _COMMA.fullmatch(cell) or number(cell) is not None for cell in cells
    )


def _of_commas(name: str, cells: Collection[str]) -> Doubt:
    one = min(cell for cell in cells if _COMMA.fullmatch(cell))
    return (
        f"its column `{name}` has decimal commas, so that `{one}` is a text and no number",
        "write points in place of them",
    )
