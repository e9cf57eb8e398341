"""What is asked for beside a mistake: an architecture that shows one decides all that it would have decided else, and
`where` may exclude it for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .environment import Thunk
from .runs import Decision, Run, SpaceError
from .spaces import Outcome, Space, outcome
from .tensors import right_axis, tensor_of
from .values import Tensor


def beyond_mistakes(space: Space, decide: Callable[[Decision], Any]) -> Outcome:
    """An outcome that goes on past its mistake: what the outputs are made of is asked for as far as there is any."""
    found = outcome(space, decide)
    assert found.run is not None
    if found.error is not None:
        seen: set[Tensor] = set()
        for thunk in (*space.outputs.values(), *space.inputs.values()):
            _ask(thunk, found.run, seen)
        found.decisions = list(found.run.asked.values())
        found.answers = {d.path: found.run.answers[d.key] for d in found.decisions}
    return found


def _ask(thunk: Thunk, run: Run, seen: set[Tensor]) -> None:
    """All that a tensor is made of; what is wrong has been told of."""
    try:
        tensor = tensor_of(thunk.force(run), run)
    except SpaceError:
        return
    if tensor in seen:
        return
    seen.add(tensor)
    for source in tensor.inputs:
        _ask(source, run, seen)
    for parameter in tensor.parameters.values():
        try:
            parameter.force(run)
        except SpaceError:
            continue
    for like in tensor.like:
        try:
            right_axis(like, "layout", run)
        except SpaceError:
            continue
