"""What holds for the network of every space that draws a path for each pass: on each architecture it is the discrete
network, and where the space can be relaxed, on each draw it is the mixture with weights of zero and one, in value and
in the gradients of weights and of the weights of what was drawn."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import torch
from path_laws import SHARINGS, check_architecture
from supernet_laws import has_ties, prepared, result, same, samples
from torch import Tensor

import stdsl
from stdsl.compiler.analysis.relaxable import drawable, relaxable
from stdsl.compiler.backends.networks.paths.build import build_drawn_network
from stdsl.compiler.backends.networks.paths.drawn import Draw, DrawnNetwork
from stdsl.compiler.backends.networks.supernet import Relaxation, Supernet, build_supernet
from stdsl.compiler.ir.diagram import Diagram, support
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ops.registry import primitives_of


def check_drawn(text: str, seed: int, architectures: int = 2) -> bool:
    """Every law for the space of a text; whether it can be relaxed. Raises AssertionError, saying for which sharing."""
    space = stdsl.loads(text)
    graph, rng = space.graph, random.Random(seed)
    if drawable(graph):
        return False
    archs = list(dict.fromkeys(islice((space.sample(rng.getrandbits(32)) for _ in range(20)), architectures)))
    for sharing in SHARINGS:
        try:
            net: Any = prepared(build_drawn_network(graph, sharing, seed=seed), seed)
            for arch in archs:
                check_architecture(graph, net, arch, seed)
        except Exception as error:
            raise AssertionError(f"{sharing}: {type(error).__name__}: {error}") from error
    if relaxable(graph) or has_ties(graph):
        return False
    mixture = prepared(build_supernet(graph, Relaxation("gumbel", "none"), [], seed=seed), seed)
    drawn = prepared(build_drawn_network(graph, seed=seed), seed)
    check_state(mixture, drawn)
    for _ in range(architectures):
        check_draw(graph, mixture, drawn, seed, rng)
    return True


def check_state(mixture: Supernet, drawn: DrawnNetwork) -> None:
    """Weights have the same names, but for what an exact zero would be computed from; the mixture's are taken over."""
    state, own = mixture.state_dict(), drawn.state_dict()
    assert all(name in state for name in own if not name.startswith("decision_parameters")), "a weight has another name"
    drawn.load_state_dict({name: state.get(name, value) for name, value in own.items()})


def check_draw(graph: SpaceGraph, mixture: Any, drawn: Any, seed: int, rng: random.Random) -> None:
    """On one draw."""
    weights: dict[str, Tensor] = {}
    draws: dict[str, Draw] = {}
    places: dict[str, int] = {}
    for path, row in drawn.rows.items():
        places[path] = place = rng.randrange(len(row.options) or 2)
        weight = torch.zeros(len(row.options), dtype=torch.float64)
        if row.kind == "gate":
            weight, value = torch.tensor(float(place), dtype=torch.float64), bool(place)
        else:
            weight[place] = 1
            value = int(row.options[place]) if row.kind == "count" else row.options[place]
        weights[path] = weight.requires_grad_()
        draws[path] = Draw(value, torch.ones((), dtype=torch.float64, requires_grad=True))
    mixture.decision_weights = lambda: weights
    drawn._draws = lambda: draws
    inputs = samples(graph, seed)
    expected, found = result(mixture, inputs), result(drawn, inputs)
    before = drawn.state_dict()
    names = {name for name in before if not name.startswith("decision_parameters")}
    assert set(expected.gradients) == set(expected.of(names).gradients), "a weight with a gradient is missing"
    # Statistics of what is not drawn stay as they are.
    names -= {name for name, value in found.statistics.items() if torch.equal(value, before[name])}
    same(found.of(names), expected.of(names), f"the mixture at {places}")
    told = told_apart(graph)
    greatest = max([float(g.abs().max()) for g in (w.grad for w in weights.values()) if g is not None] or [0.0])
    for path in mixture.rows:
        whole, own = weights[path].grad, getattr(draws[path].weight, "grad", None)
        if path in told and whole is not None:
            one = (whole[places[path]] if whole.dim() else whole * places[path]).item()
            other = 0.0 if own is None else own.item()
            near = 1e-8 * max(1.0, abs(one), 1e-4 * greatest, 1e-5 * found.steepest)
            assert abs(one - other) <= near, f"{path} = {places[path]}: {other} instead of {one}"


def told_apart(graph: SpaceGraph) -> set[str]:
    """The decisions of which the mixture tells the gradient by what was drawn: not those whose choice a norm alone
    reads, behind which a drawn network weighs, and no gates that something waits to be off for."""
    primitives = primitives_of(graph)
    found = {d.path for d in graph.open if d.kind != "keep"}
    for node in graph.nodes:
        cases = [edge.guard for edge in node.edges] + [case for _, case in node.attrs]
        asked = frozenset(v for case in cases if type(case) is Diagram for v in support(case))
        paths = {graph.deciding[v.index].path for v in asked}
        readers = [graph.nodes[id] for id in graph.consumers[node.id]]
        if len(readers) == 1 and readers[0].kind == "apply" and primitives[readers[0].op].norm:
            found -= paths
        for edge in node.edges:
            for variable in support(edge.guard) if type(edge.guard) is Diagram else ():
                decision = graph.deciding[variable.index]
                if decision.kind == "gate" and graph.diagrams.restrict(edge.guard, {variable.index: 0}) is not False:
                    found.discard(decision.path)
    return found
