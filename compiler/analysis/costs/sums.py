"""Several costs that are sums, of one architecture or of many, with what they have in common looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...record import record
from ..diagrams.lookup import EXACT, Lookup
from ..diagrams.products import Product, span_of
from .additive import AdditiveCost

if TYPE_CHECKING:
    from ..diagrams.lookup import Column


@record
class _Group:
    """Terms of the sums that are paid under the same conditions: (which sum, last factor) each."""

    conditions: tuple[Lookup, ...]
    lasts: tuple[tuple[int, Lookup], ...]


class AdditiveSums:
    """The sums, in the order in which they are given; all must be exact."""

    def __init__(self, costs: Sequence[AdditiveCost]) -> None:
        assert all(cost.exact for cost in costs)
        self._constants = [cost.constant for cost in costs]
        self._large = [abs(cost.constant) + sum(int(span_of(term)) for term in cost.terms) >= EXACT for cost in costs]
        made: dict[int, Lookup] = {}
        groups: dict[tuple[int, ...], tuple[Product, list[tuple[int, Lookup]]]] = {}
        for place, cost in enumerate(costs):
            for term in cost.terms:
                for factor in term:
                    if factor.uid not in made:
                        made[factor.uid] = Lookup(factor)
                key = tuple(factor.uid for factor in term[:-1])
                groups.setdefault(key, (term[:-1], []))[1].append((place, made[term[-1].uid]))
        self._groups = [
            _Group(tuple(made[factor.uid] for factor in conditions), tuple(lasts))
            for conditions, lasts in groups.values()
        ]

    def of(self, answers: Sequence[int]) -> list[int]:
        """Each sum under answers to all variables of the space, by index."""
        found = self._constants.copy()
        for group in self._groups:
            times = 1
            for condition in group.conditions:
                times *= condition.of(answers)
                if not times:
                    break
            else:
                for place, last in group.lasts:
                    found[place] += times * last.of(answers)
        return found

    def of_columns(self, answers: Column) -> list[Column]:
        """Each sum of many architectures (as :meth:`Lookup.of_columns`)."""
        import numpy as np

        found: list[Column] = [
            np.full(answers.shape[1], constant, dtype=object if large else np.int64)
            for constant, large in zip(self._constants, self._large, strict=True)
        ]
        for group in self._groups:
            conditions = [condition.of_columns(answers) for condition in group.conditions]
            small: Column | None = None
            for place, last in group.lasts:
                values = last.of_columns(answers)
                if self._large[place]:
                    for condition in conditions:
                        values = values * condition.astype(object)
                elif conditions:
                    if small is None:
                        small = _product(conditions)
                    values = small * values
                found[place] = found[place] + values
        return found


def _product(columns: Sequence[Column]) -> Any:
    product = columns[0]
    for column in columns[1:]:
        product = product * column
    return product
