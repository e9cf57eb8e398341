"""The probability of a guard when each decision has weights, as Python text."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.diagram import Diagram, Guard, Variable

Weigh = Callable[[Variable, int], str]
"""The text of the weight of an answer to a variable: ``"0"`` where it is certain not to be given."""


def expectation(guard: Guard, weigh: Weigh) -> str:
    """Σ over the assignments under which ``guard`` holds of the product of their weights, decisions taken as
    independent.

    ``"1"`` and ``"0"`` for guards that always or never hold.
    """
    if type(guard) is not Diagram:
        return "1" if guard is True else "0"
    terms: dict[str, list[str]] = {}
    answers: dict[str, list[int]] = {}
    for answer, child in enumerate(guard.children):
        rest = expectation(child, weigh)
        weight = weigh(guard.variable, answer) if rest != "0" else "0"
        if weight != "0":
            terms.setdefault(rest, []).append(weight)
            answers.setdefault(rest, []).append(answer)
    texts = []
    for rest, weights in terms.items():
        if len(weights) == guard.variable.arity:
            texts.append(rest)  # holds whatever the answer: its weights add up to one
            continue
        inner = " + ".join(weights)
        inner = f"({inner})" if len(weights) > 1 else inner
        texts.append(inner if rest == "1" else rest if inner == "1" else f"{inner} * {rest}")
    return "0" if not texts else texts[0] if len(texts) == 1 else f"({' + '.join(texts)})"
