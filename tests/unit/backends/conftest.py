"""A small hand for building graphs in tests without the text front end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.ir.builder import GraphBuilder
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import Ask, Edge, SpaceGraph, TensorType
from stdsl.compiler.ir.operation import TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))
SPAN = Span(Source("test.space", "test"), 0, 4)


class Hand:
    """Nodes are ids; scopes nest by ``with hand.scope(…)``."""

    def __init__(self) -> None:
        self.b = GraphBuilder()
        self.current = self.b.scope(None, "net", "net", "meta", "")
        self.paths = {self.current: ""}

    @contextmanager
    def scope(self, name: str, callee: str, kind: Any = "cell") -> Iterator[None]:
        outer = self.current
        path = f"{self.paths[outer]}.{name}".lstrip(".")
        self.current = self.b.scope(outer, name, callee, kind, path, SPAN)
        self.paths[self.current] = path
        try:
            yield
        finally:
            self.current = outer

    def input(self, name: str, layout: Any, *dims: int) -> int:
        return self.b.input(name, TensorType(layout, dims), self.current, SPAN)

    def shape(self, node: int) -> TensorShape:
        return self.b.nodes[node].type.concrete()

    def op(self, name: str, *sources: int, frozen: bool = False, **attrs: Any) -> int:
        """An application; attributes may be diagrams if the shape does not depend on them."""
        primitive = PRIMITIVES[name]
        shapes = tuple(self.shape(s) for s in sources)
        d = self.b.diagrams
        keys = list(attrs)

        def complete(*values: Any) -> tuple[tuple[str, Any], ...]:
            return tuple(primitive.normalise(shapes, dict(zip(keys, values, strict=True))).items())

        full = d.apply(complete, *attrs.values())
        names = [k for k, _ in complete(*[_some(v) for v in attrs.values()])]
        cases = {n: d.apply(lambda items, n=n: dict(items)[n], full) for n in names}
        out = d.apply(lambda items: primitive.shape(shapes, dict(items)).dims, full)
        layout = primitive.shape(shapes, dict(complete(*[_some(v) for v in attrs.values()]))).layout
        rank = len(_some(out))
        dims = tuple(d.apply(lambda o, i=i: o[i], out) for i in range(rank))
        edges = [Edge(s) for s in sources]
        return self.b.node("apply", name, edges, TensorType(layout, dims), self.current, SPAN, cases, frozen=frozen)

    def choose(self, path: str, options: Sequence[str], sources: Sequence[int]) -> int:
        decision = self.b.choose(path, options, options, SPAN)
        return self.switch(decision, sources)

    def switch(self, decision: Decision, sources: Sequence[int]) -> int:
        variable = decision.variables[0]
        edges = [Edge(s, self.b.diagrams.test(variable, i), i) for i, s in enumerate(sources)]
        type = self.b.nodes[sources[0]].type
        ask = [Ask(decision.id)]
        return self.b.node("switch", "", edges, type, self.current, SPAN, asks=ask, decision=decision.id)

    def repeat(self, path: str, low: int, sources: Sequence[int]) -> int:
        return self.switch(self.b.count(path, low, low + len(sources) - 1, SPAN), sources)

    def gate(self, path: str, source: int) -> int:
        decision = self.b.gate(path, SPAN)
        edge = Edge(source, self.b.diagrams.test(decision.variables[0], 1), 1)
        type = self.b.nodes[source].type
        ask = [Ask(decision.id)]
        return self.b.node("gate", "", [edge], type, self.current, SPAN, asks=ask, decision=decision.id)

    def keep(self, path: str, low: int, high: int, sources: Sequence[int], op: str = "sum") -> int:
        decision = self.b.keep(path, len(sources), low, high, SPAN)
        test = self.b.diagrams.test
        edges = [
            Edge(s, True if decision.trivial else test(decision.variables[i], 1), i) for i, s in enumerate(sources)
        ]
        ask = () if decision.trivial else (Ask(decision.id),)
        type = self.b.nodes[sources[0]].type
        return self.b.node("reduce", op, edges, type, self.current, SPAN, asks=ask, decision=decision.id)

    def reduce(self, op: str, sources: Sequence[int]) -> int:
        type = self.b.nodes[sources[0]].type
        if op == "concat":
            axis = 1 if type.layout == "tokens" else 0
            channels = sum(self.b.nodes[s].type.dims[axis] for s in sources)
            type = TensorType(type.layout, (*type.dims[:axis], channels, *type.dims[axis + 1 :]))
        return self.b.node("reduce", op, [Edge(s) for s in sources], type, self.current, SPAN)

    def finish(self, **outputs: int) -> SpaceGraph:
        return self.b.finish("toy", list(outputs.items()), SPAN, (("c", 4),), meta="net")


def _some(case: Any) -> Any:
    from stdsl.compiler.ir.diagram import leaves

    return leaves(case)[0]


def cell(hand: Hand, s0: int, s1: int, c: int, decisions: dict[str, Decision], path: str = "normal") -> int:
    """A DARTS-like cell of two nodes over clips; decisions are made once and tied between cells."""
    d = hand.b.diagrams

    def decide(p: str, options: Sequence[str]) -> Decision:
        if p not in decisions:
            decisions[p] = hand.b.choose(p, options, options, SPAN)
        return decisions[p]

    def keep(p: str, n: int) -> Decision:
        if p not in decisions:
            decisions[p] = hand.b.keep(p, n, 2, 2, SPAN)
        return decisions[p]

    def pre(name: str, x: int) -> int:
        with hand.scope(name, "relu_conv_bn", "op"):
            return hand.op("bn", hand.op("pointwise", hand.op("relu", x), c=c))

    states = [pre("a", s0), pre("b", s1)]
    for i in (1, 2):
        edges = []
        for j, x in enumerate(states):
            where = f"x[{i}][{j + 1}]"
            alternatives = [hand.op("max_pool", x, k=3), x]
            for name, k in (("space", (1, 3, 3)), ("time", (3, 1, 1))):
                with hand.scope(f"{where}.{name}", "relu_conv_norm", "op"):
                    alternatives.append(hand.op("bn", hand.op("conv", hand.op("relu", x), c=c, k=k)))
            zero = hand.op("zero", x)
            decision = decide(f"{path}.{where}.kind", ("pool", "skip", "space", "time", "none"))
            edges.append(hand.switch(decision, [*alternatives, zero]))
        decision = keep(f"{path}.x[{i}].inputs", len(edges))
        variables = decision.variables
        kept = [Edge(e, True if decision.trivial else d.test(variables[k], 1), k) for k, e in enumerate(edges)]
        ask = () if decision.trivial else (Ask(decision.id),)
        type = hand.b.nodes[edges[0]].type
        states.append(hand.b.node("reduce", "sum", kept, type, hand.current, SPAN, asks=ask, decision=decision.id))
    return hand.reduce("concat", states[2:])


def clip_space(layers: int = 3, c: int = 4, classes: int = 5) -> SpaceGraph:
    """Tied normal cells over (N, 1, 4, 8, 8) clips."""
    hand = Hand()
    video = hand.input("video", "clip", 1, 4, 8, 8)
    stem = hand.op("bn", hand.op("conv", video, c=3 * c, k=(1, 3, 3)))
    decisions: dict[str, Decision] = {}
    h = [stem, stem]
    for i in range(1, layers + 1):
        with hand.scope(f"h[{i}]", "normal"):
            h.append(cell(hand, h[-2], h[-1], c, decisions))
    logits = hand.op("linear", hand.op("global_avg_pool", h[-1]), c=classes)
    return hand.finish(output=logits)


@pytest.fixture(name="hand")
def _hand() -> Hand:
    return Hand()


@pytest.fixture(name="clips", scope="session")
def _clips() -> SpaceGraph:
    return clip_space()


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(name="clip_space")
def _clip_space() -> Any:
    return clip_space


ARCH = {
    "normal.x[1][1].kind": "space",
    "normal.x[1][2].kind": "pool",
    "normal.x[2].inputs": (1, 3),
    "normal.x[2][1].kind": "time",
    "normal.x[2][3].kind": "skip",
}


@pytest.fixture(name="arch")
def _arch() -> dict[str, Any]:
    return dict(ARCH)
