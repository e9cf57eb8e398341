"""The probability of a guard when each decision has weights, as an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...ir.diagram import Diagram, Guard, Variable
from ...ops.torch.expressions import Expression, Literal, product, total

NEVER: Final = Literal(0)
ALWAYS: Final = Literal(1)

Weigh = Callable[[Variable, int], Expression]
"""The weight of an answer to a variable: :data:`NEVER` where it is certain not to be given."""


def expectation(guard: Guard, weigh: Weigh) -> Expression:
    """Σ over the assignments under which ``guard`` holds of the product of their weights, decisions taken as
    independent.

    :data:`ALWAYS` and :data:`NEVER` for guards that always or never hold.
    """
    if type(guard) is not Diagram:
        return ALWAYS if guard is True else NEVER
    weights: dict[Expression, list[Expression]] = {}
    """What the answers of this variable weigh, by the expectation of what is behind them."""
    for answer, child in enumerate(guard.children):
        rest = expectation(child, weigh)
        weight = weigh(guard.variable, answer) if rest != NEVER else NEVER
        if weight != NEVER:
            weights.setdefault(rest, []).append(weight)
    terms = []
    for rest, found in weights.items():
        if len(found) == guard.variable.arity:
            terms.append(rest)  # holds whatever the answer: its weights add up to one
            continue
        factors = [factor for factor in (total(*found), rest) if factor != ALWAYS]
        terms.append(product(*factors) if factors else ALWAYS)
    return total(*terms) if terms else NEVER
