"""Whether things that may be there together agree, each where its guard holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Final

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Diagrams, Guard


class _Absent(Enum):
    ABSENT = 0


ABSENT: Final = _Absent.ABSENT
"""The leaf of the cases in which nothing is there."""


def agreed(diagrams: Diagrams, sizes: Sequence[Case], guards: Sequence[Guard]) -> tuple[Case, Guard]:
    """The size of what is there (IMPOSSIBLE where nothing is), and the condition under which two of different sizes are
    there.

    Equal sizes are one, however many elements have them; of fixed sizes it is asked whether two are there at once, so
    that a long list takes no more than a few steps an element. Raises DiagramTooLarge.
    """
    groups: dict[Hashable, tuple[Case, list[Guard]]] = {}
    for size, guard in zip(sizes, guards, strict=True):
        groups.setdefault(size.uid if type(size) is Diagram else (type(size), size), (size, []))[1].append(guard)
    there = [(size, diagrams.any(found)) for size, found in groups.values()]
    if len(there) == 1:
        return there[0][0], False
    fixed = [(size, guard) for size, guard in there if type(size) is not Diagram]
    _, differ = _at_once(diagrams, [guard for _, guard in fixed])
    known: Case = ABSENT
    for size, guard in reversed(fixed):
        known = diagrams.ite(guard, size, known)
    for size, guard in there:
        if type(size) is Diagram:
            here = diagrams.ite(guard, size, ABSENT)
            unequal = diagrams.apply(lambda a, b: a is not ABSENT and b is not ABSENT and a != b, known, here)
            differ = diagrams.either(differ, unequal)
            known = diagrams.apply(lambda a, b: b if a is ABSENT else a, known, here)
    return diagrams.apply(lambda size: IMPOSSIBLE if size is ABSENT else size, known), differ


def _at_once(diagrams: Diagrams, guards: Sequence[Guard]) -> tuple[Guard, Guard]:
    """Where one of the guards holds, and where two do."""
    if len(guards) <= 1:
        return (guards[0] if guards else False), False
    middle = len(guards) // 2
    some, two = _at_once(diagrams, guards[:middle])
    other, more = _at_once(diagrams, guards[middle:])
    two = diagrams.any((two, more, diagrams.both(some, other)))
    return diagrams.either(some, other), two
