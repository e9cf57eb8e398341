"""All architectures of a space, one after the other, by asking what its evaluation asks."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.diagram import evaluate
from ..ir.graph import SpaceGraph
from .architecture import Architecture, of_answers, violations
from .costs.limits import Limits
from .costs.of_architecture import cost_constraints
from .demand import active, next_question


def architectures(graph: SpaceGraph) -> Iterator[Architecture]:
    """Every architecture once, in the order in which evaluation asks its questions and of the alternatives in the text.

    Takes time in proportion to the number of architectures without the constraints; counting and sampling do not go
    this way.
    """
    limits = Limits(graph, cost_constraints(graph))
    stack: list[dict[int, int]] = [{}]
    while stack:
        answers = stack.pop()
        decision = next_question(graph, answers)
        if decision is None:
            if not violations(graph, answers, active(graph, answers).decisions) and limits.admit(answers):
                yield of_answers(graph, answers)
            continue
        followers: list[dict[int, int]] = [{}]
        for variable in decision.variables:
            followers = [{**f, variable.index: answer} for f in followers for answer in range(variable.arity)]
        stack.extend(
            {**answers, **f} for f in reversed(followers) if evaluate(decision.valid, {**answers, **f}) is True
        )
