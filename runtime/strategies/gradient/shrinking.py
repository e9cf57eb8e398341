"""A supernet that loses what a search has decided against: rebuilt smaller, with everything that was learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import nn

from stdsl.compiler.analysis.architecture import plain_values
from stdsl.compiler.ir.graph import SpaceGraph

from ...training.descent import Descent
from ..learners import Learners
from .discretization import Discretization, Fixed

Build = Callable[[SpaceGraph], nn.Module]
Descend = Callable[[Iterable[nn.Parameter]], Descent]


class Shrinking:
    """``build``: the supernet of a graph, on its device. ``weights`` and ``decisions`` make the optimisers.

    ``frozen``: the weights that decisions had when they were fixed, by path.
    """

    def __init__(self, discretization: Discretization, build: Build, weights: Descend, decisions: Descend) -> None:
        self.discretization = discretization
        self.build, self.weights, self.decisions = build, weights, decisions
        self.frozen: dict[str, list[float]] = {}

    def advance(self, target: int, scores: Mapping[str, list[float]]) -> list[Fixed]:
        """Fix decisions until ``target`` are; ``scores``: the weights as they are, of all that is not yet fixed."""
        merged = {**scores, **self.frozen}
        steps = self.discretization.advance(target, merged)
        for step in steps:
            if step.path in merged:
                self.frozen[step.path] = list(merged[step.path])
        return steps

    def shrunk(self, before: Learners) -> Learners:
        """The network of what is left, with the weights, statistics and optimiser states of the one before."""
        after = self.fresh()
        state = before.supernet.state_dict()
        after.supernet.load_state_dict({name: state[name] for name in after.supernet.state_dict()})
        parameters = dict(before.supernet.named_parameters())
        for name, parameter in after.supernet.named_parameters():
            for old, new in ((before.weights, after.weights), (before.decisions, after.decisions)):
                carried = old.optimizer.state.get(parameters[name])
                if carried:
                    new.optimizer.state[parameter] = dict(carried)
        return after

    def fresh(self) -> Learners:
        """The network of what is left, with initial weights and optimisers."""
        net: Any = self.build(self.discretization.network)
        return Learners(net, self.weights(net.weights()), self.decisions(net.decisions()))

    def state(self) -> dict[str, Any]:
        plain = plain_values(self.discretization.fixed)
        return {"fixed": plain, "frozen": {path: list(row) for path, row in self.frozen.items()}}

    def load(self, state: Mapping[str, Any]) -> None:
        self.discretization.restore(state["fixed"])
        self.frozen = {path: list(row) for path, row in state["frozen"].items()}
