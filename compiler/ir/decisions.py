"""Decisions and sites: what a space leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..diagnostics.source import Span
from ..record import record
from .diagram import Guard, Variable

DecisionKind = Literal["choose", "keep", "gate", "count"]


@record(eq=False)
class Decision:
    """One row of the decision table.

    ``options``: the names of a choose's alternatives in order; the places of a keep's elements (``"1"``, ``"2"``, …);
    ``("off", "on")``
    for a gate; the numbers of a count. ``values`` are the values behind the options where they are plain (``choose
    {3, 5}``, counts), else the names.
    ``variables``: for choose, gate and count one variable, whose answer is the index of the option; for a keep one
    two-valued
    variable per element. A *site* (``trivial``: a keep that comes out in one way only) has none, and is no decision:
    it is absent
    from architectures and counts, but a strategy may weight it.
    ``sizes``: the least and greatest number of kept elements of a keep. ``valid``: for a keep, the condition on its
    variables.
    """

    id: int
    path: str
    kind: DecisionKind
    options: tuple[str, ...]
    values: tuple[Any, ...]
    variables: tuple[Variable, ...]
    span: Span
    label: str | None = None
    sizes: tuple[int, int] | None = None
    valid: Guard = True
    trivial: bool = False
    demanded: bool = True
    """Whether some node asks for it; one in dead text is no decision of the space."""


def answers_in_words(decisions: Sequence[Decision], variables: Sequence[Variable], answers: Mapping[int, int]) -> str:
    """`width = 5, kind = conv`: answers (variable index → answer) by the names of their decisions."""
    words: dict[str, str] = {}
    kept: dict[int, list[str]] = {}
    for index in sorted(answers):
        variable = variables[index]
        decision = decisions[variable.decision]
        name = decision.label or decision.path
        if variable.element is not None:
            kept.setdefault(decision.id, [])
            if answers[index]:
                kept[decision.id].append(str(variable.element + 1))
            words[name] = f"[{', '.join(kept[decision.id])}]"
        else:
            words[name] = decision.options[answers[index]]
    return ", ".join(f"{name} = {value}" for name, value in words.items())
