"""Searches that a search needs: where they are, and the weights that they left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from stdsl.compiler.backends.networks.weights import load_by_name, read_weights
from stdsl.compiler.checks.needs import scopes_of_runs
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.needs import RunWeightsDoNotFit
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.names import Names

from ..tracking.directory import RunDirectory
from ..tracking.names import DERIVED
from ..tracking.weights_left import weights_left


def load_run_weights(model: nn.Module, graph: SpaceGraph, run: RunDirectory) -> None:
    """Load what calls with `weights = "run:NAME"` name, from the run directories of the needed searches.

    The names inside the call are looked for in the trained network, at the least depth where all of them are. Raises
    RunError.
    """
    names = Names(graph)
    for scope, search in scopes_of_runs(graph):
        start = f"{names.prefix(scope.id)}."
        shapes = {n.removeprefix(start): v.shape for n, v in model.state_dict().items() if n.startswith(start)}
        if not shapes:
            continue  # this architecture has no such part
        path = RunDirectory(run.needed(search)).weights(DERIVED)
        weights_left(path)  # raises where they are none of the run's
        weights = read_weights(path, scope.span)
        places = _places(weights, {name: tuple(shape) for name, shape in shapes.items()})
        if len(places) != 1:
            missing = next((n for n in shapes if not any(w == n or w.endswith(f".{n}") for w in weights)), None)
            raise RunError([RunWeightsDoNotFit(scope.span, search, scope.callee, tuple(places), missing)])
        inside = {n: weights[places[0] + n] for n in shapes}
        load_by_name(model, inside, start.removesuffix("."))


def _places(weights: Mapping[str, Tensor], wanted: Mapping[str, Sequence[int]]) -> list[str]:
    """Where in ``weights`` all wanted names are, with their shapes: the places of the least depth."""
    first = next(iter(wanted))
    starts = {name.removesuffix(first) for name in weights if name == first or name.endswith(f".{first}")}
    fit = [
        start
        for start in sorted(starts)
        if all(start + n in weights and tuple(weights[start + n].shape) == tuple(s) for n, s in wanted.items())
    ]
    least = min((start.count(".") for start in fit), default=0)
    return [start for start in fit if start.count(".") == least]
