"""All architectures of a space, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from .beyond import beyond_mistakes
from .runs import Decision, SpaceError, TooMany
from .spaces import Outcome, Space, outcome
from .where import allows, unmatched

Evaluation = Callable[[Space, Callable[[Decision], Any]], Outcome]


def everything(space: Space, evaluated: Evaluation = outcome) -> Iterator[Outcome]:
    """Every way to answer what is asked, whatever `where` says: the last question is answered anew first."""
    script: list[int] = []
    while True:
        asked: list[Decision] = []

        def decide(decision: Decision, asked: list[Decision] = asked) -> Any:
            if len(asked) == len(script):
                script.append(0)
            asked.append(decision)
            return decision.options[script[len(asked) - 1]]

        yield evaluated(space, decide)
        while asked and script[len(asked) - 1] + 1 == len(asked[-1].options):
            asked.pop()
        if not asked:
            return
        del script[len(asked) :]
        script[-1] += 1


def outcomes(space: Space, limit: int = 10_000, evaluated: Evaluation = beyond_mistakes) -> list[Outcome]:
    """All architectures that `where` allows, errors among them. At most ``limit`` are looked at."""
    seen = list(islice(everything(space, evaluated), limit + 1))
    if len(seen) > limit:
        raise TooMany(f"more than {limit} architectures")
    keys: dict[str, Any] = {}
    for one in seen:
        for decision in one.decisions:
            if keys.setdefault(decision.path, decision.key) != decision.key:
                one.error = SpaceError("E0301", decision.path)
    for constraint in space.where:
        for name in unmatched(constraint, space):
            raise SpaceError("E0411", f"nothing matches {name}")
    known = list({decision.key: decision for one in seen for decision in one.decisions}.values())
    return [one for one in seen if allows(space, one, known)]


def given(space: Space, answers: Mapping[str, Any]) -> Outcome:
    """The outcome of one architecture, from its answers by path."""

    def decide(decision: Decision) -> Any:
        answer = answers[decision.path]
        return tuple(answer) if isinstance(answer, list) else answer

    return outcome(space, decide)
