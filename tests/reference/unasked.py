"""What is wrong with text that nothing asks for: `check` may tell of it, no network shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import syntax as s
from .environment import Env, constant
from .evaluate import evaluate
from .runs import Decision, Run, SpaceError
from .spaces import Outcome, Space, outcome
from .tensors import demand
from .values import Listed, Tensor


def with_all_that_is_bound(space: Space, decide: Callable[[Decision], Any]) -> Outcome:
    """An outcome in which every name that a body binds is asked for, beside the outputs."""
    found = outcome(space, decide)
    assert found.run is not None
    if found.error is None:
        try:
            _bodies(space, found.run)
        except SpaceError as error:
            found.error = error
    return found


def _bodies(space: Space, run: Run) -> None:
    seen: set[Env] = set()
    while todo := _entered(space, run) - seen:
        seen |= todo
        for env in sorted(todo, key=lambda e: e.place.path):
            for name in list(env.names):
                _all(evaluate(s.Name(name), env, run), run)


def _entered(space: Space, run: Run) -> set[Env]:
    """The environments of this architecture."""
    answers = set(run.answers.items())
    made = [env for (_, under), env in space.made.items() if isinstance(env, Env) and under <= answers]
    found: set[Env] = set()
    todo = [space.body, *made]
    while todo:
        env = todo.pop()
        if env not in found:
            found.add(env)
            todo += env.envs.values()
    return found


def _all(value: Any, run: Run) -> None:
    if isinstance(value, Listed):
        for element in value.elements:
            _all(element.force(run), run)
    elif isinstance(value, Tensor):
        demand(constant(value), run)
