"""Sums of many diagrams of numbers."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable

from .diagram import IMPOSSIBLE, Case, Diagram, Diagrams, support


def added(diagrams: Diagrams, parts: Iterable[Case]) -> Case:
    """The sum of numbers. Raises DiagramTooLarge.

    Parts that depend on different decisions are added up in one pass, a step for each sum that can come about on the
    way: adding them one after the other would walk through all that was added before, again and again.
    """
    terms: list[Diagram] = []
    lasts: list[int] = []
    start: Case = 0
    for part in sorted(parts, key=lambda p: p.variable.index if type(p) is Diagram else -1):
        if type(part) is not Diagram:
            start = diagrams.apply(operator.add, start, part)
            continue
        last = max(v.index for v in support(part))
        if not terms or lasts[-1] < part.variable.index:
            terms.append(part)
            lasts.append(last)
            continue
        joined = diagrams.apply(operator.add, terms.pop(), part)
        last = max(lasts.pop(), last)
        if type(joined) is Diagram:
            terms.append(joined)
            lasts.append(last)
        else:
            start = diagrams.apply(operator.add, start, joined)
    if start is IMPOSSIBLE or not terms:
        return start
    memo: dict[Hashable, Case] = {}

    def walk(i: int, case: Case, sum: Case) -> Case:
        """The sum of what was added before, of ``case``, which is left of term ``i``, and of the terms after it."""
        while type(case) is not Diagram:
            if case is IMPOSSIBLE:
                return IMPOSSIBLE
            sum, i = sum + case, i + 1
            if i == len(terms):
                return sum
            case = terms[i]
        key = (i, case.uid, type(sum), sum)
        if key not in memo:
            if len(memo) > limit:
                raise diagrams.too_large()
            memo[key] = diagrams.case(case.variable, [walk(i, kid, sum) for kid in case.children])
        return memo[key]

    with diagrams.counted(memo) as limit:
        return walk(0, terms[0], start)
