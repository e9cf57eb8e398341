"""Spaces for the tests of the analysis, built by hand: what the text of a space would be elaborated to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import pytest

from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.ir.builder import GraphBuilder
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.diagram import Case
from stdsl.compiler.ir.graph import Ask, Edge, SpaceGraph, TensorType
from stdsl.compiler.ir.operation import TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES

SPAN = Span(Source("sketch", ""), 0, 0)


class Sketch:
    """Tensors are node ids. A decision asked for under a path that was used before is that decision again (tying)."""

    def __init__(self, *dims: int, layout: str = "image") -> None:
        self.builder = GraphBuilder()
        self.diagrams = self.builder.diagrams
        self.scope = self.builder.scope(None, "net", "net", "meta", "net")
        self.known: dict[str, Decision] = {}
        self.x = self.builder.input("x", TensorType(layout, dims or (4, 8, 8)), self.scope, SPAN)

    def _decision(self, path: str, make: Callable[[], Decision]) -> Decision:
        if path not in self.known:
            self.known[path] = make()
        return self.known[path]

    def type(self, id: int) -> TensorType:
        return self.builder.nodes[id].type

    def node(self, kind, op, edges, type, asks=(), attrs=None, decision=None) -> int:
        return self.builder.node(kind, op, edges, type, self.scope, SPAN, attrs, asks, decision)

    def op(self, name: str, *sources: int, asks: Sequence[Decision] = (), **given: Case) -> int:
        """An application; attributes and shapes may depend on decisions."""
        primitive = PRIMITIVES[name]
        layout = self.type(sources[0]).layout
        dims = [d for s in sources for d in self.type(s).dims]
        rank = len(self.type(sources[0]).dims)
        names = list(given)

        def bound(*values):
            flat, arguments = values[: len(dims)], values[len(dims) :]
            shapes = tuple(TensorShape(layout, tuple(flat[i : i + rank])) for i in range(0, len(flat), rank))
            attrs = primitive.normalise(shapes, dict(zip(names, arguments, strict=True)))
            return shapes, attrs

        cases = (*dims, *given.values())
        apply = self.diagrams.apply
        keys = list(bound(*(min(_leaves(c)) for c in cases))[1])
        attrs = {k: apply(lambda *v, k=k: bound(*v)[1][k], *cases) for k in keys}
        out = apply(lambda *v: primitive.shape(*bound(*v)).dims, *cases)
        layouts = {len(_first(out)): layout}
        n = len(_first(out))
        type = TensorType(layouts[n], tuple(apply(lambda d, i=i: d[i], out) for i in range(n)))
        return self.node("apply", name, [Edge(s) for s in sources], type, [Ask(d.id) for d in asks], attrs)

    def chain(self, source: int, *ops: tuple) -> int:
        for name, given in ops:
            source = self.op(name, source, **given)
        return source

    def choice(self, path: str, values: Sequence) -> tuple[Decision, Case]:
        """A chosen number: the decision and its value."""
        names = [str(v) for v in values]
        d = self._decision(path, lambda: self.builder.choose(path, names, values, SPAN))
        return d, self.diagrams.case(d.variables[0], values)

    def choose(self, path: str, branches: dict[str, int]) -> int:
        names = list(branches)
        d = self._decision(path, lambda: self.builder.choose(path, names, names, SPAN))
        test = self.diagrams.test
        edges = [Edge(s, test(d.variables[0], i), i) for i, s in enumerate(branches.values())]
        first, *rest = branches.values()
        dims = self.type(first).dims
        for i, source in enumerate(rest, 1):
            dims = tuple(
                self.diagrams.ite(test(d.variables[0], i), b, a)
                for a, b in zip(dims, self.type(source).dims, strict=True)
            )
        return self.node("switch", "", edges, TensorType(self.type(first).layout, dims), [Ask(d.id)], decision=d.id)

    def gate(self, path: str, source: int) -> int:
        d = self._decision(path, lambda: self.builder.gate(path, SPAN))
        edge = Edge(source, self.diagrams.test(d.variables[0], 1))
        return self.node("gate", "", [edge], self.type(source), [Ask(d.id)], decision=d.id)

    def sum(self, sources: Sequence[int]) -> int:
        return self.node("reduce", "sum", [Edge(s) for s in sources], self.type(sources[0]))

    def keep_sum(self, path: str, sources: Sequence[int], low: int, high: int) -> int:
        d = self._decision(path, lambda: self.builder.keep(path, len(sources), low, high, SPAN))
        guards = [True] * len(sources) if d.trivial else [self.diagrams.test(v, 1) for v in d.variables]
        edges = [Edge(s, g, i) for i, (s, g) in enumerate(zip(sources, guards, strict=True))]
        return self.node("reduce", "sum", edges, self.type(sources[0]), [Ask(d.id)], decision=d.id)

    def concat(self, sources: Sequence[int], guards: Sequence = (), asks: Sequence[Decision] = ()) -> int:
        edges = [Edge(s, g) for s, g in zip(sources, guards or [True] * len(sources), strict=True)]
        channels: Case = 0
        for edge in edges:
            with_it = self.diagrams.apply(lambda a, b: a + b, channels, self.type(edge.source).dims[0])
            channels = self.diagrams.ite(edge.guard, with_it, channels)
        type = TensorType(self.type(sources[0]).layout, (channels, *self.type(sources[0]).dims[1:]))
        return self.node("reduce", "concat", edges, type, [Ask(d.id) for d in asks])

    def count(self, path: str, low: int, high: int) -> tuple[Decision, Case]:
        d = self._decision(path, lambda: self.builder.count(path, low, high, SPAN))
        return d, self.diagrams.case(d.variables[0], range(low, high + 1))

    def at_least(self, number: Case, i: int):
        return self.diagrams.apply(lambda n: n >= i, number)

    def repeat(self, path: str, low: int, high: int, source: int, step: Callable[[int, int], int]) -> int:
        """`repeat choose low..high { step }`; the step gets the tensor and the iteration, from 1."""
        d, n = self.count(path, low, high)
        results = [source]
        for k in range(1, high + 1):
            results.append(step(results[-1], k))
        edges = [Edge(results[k], self.diagrams.apply(lambda n, k=k: n == k, n), k - low) for k in range(low, high + 1)]
        return self.node("switch", "", edges, self.type(results[-1]), [Ask(d.id)], decision=d.id)

    def finish(self, output: int, *others: int, **rest) -> SpaceGraph:
        outputs = [("output", output), *((f"aux{i}", id) for i, id in enumerate(others))]
        return self.builder.finish("sketched", outputs, SPAN, **rest)


def _leaves(case: Case) -> tuple:
    from stdsl.compiler.ir.diagram import leaves

    return leaves(case)


def _first(case: Case):
    return _leaves(case)[0]


def _relu_conv_bn(c: int, k: int = 1, stride: int = 1) -> tuple:
    return ("relu", {}), ("conv", {"c": c, "k": k, "stride": stride}), ("bn", {})


@cache
def darts(c: int = 16, layers: int = 8, nodes: int = 4, kept: int = 2, none: bool = False, tied: bool = True, **rest):
    """`examples/darts.space`, by hand."""
    s = Sketch(3, 32, 32)

    def separable(x: int, k: int, stride: int, dilation: int) -> int:
        return s.chain(
            x,
            ("relu", {}),
            ("depthwise", {"k": k, "stride": stride, "dilation": dilation}),
            ("pointwise", {}),
            ("bn", {}),
        )

    def reduced(x: int, width: int) -> int:
        y = s.op("relu", x)
        halves = [s.op("pointwise", y, c=width // 2, stride=2) for _ in range(2)]
        return s.op("bn", s.concat(halves))

    def candidates(x: int, width: int, stride: int) -> dict[str, int]:
        return {
            **({"none": s.op("zero", x, stride=stride)} if none else {}),
            "skip": s.op("identity", x) if stride == 1 else reduced(x, width),
            "max": s.op("bn", s.op("max_pool", x, k=3, stride=stride)),
            "avg": s.op("bn", s.op("avg_pool", x, k=3, stride=stride)),
            **{f"sep{k}": separable(separable(x, k, stride, 1), k, 1, 1) for k in (3, 5)},
            **{f"dil{k}": separable(x, k, stride, 2) for k in (3, 5)},
        }

    def cell(name: str, s0: int, s1: int, width: int, reduction: bool) -> int:
        smaller = s.type(s0).dims[1] > s.type(s1).dims[1]
        a = reduced(s0, width) if smaller else s.chain(s0, *_relu_conv_bn(width))
        states = [a, s.chain(s1, *_relu_conv_bn(width))]
        for i in range(1, nodes + 1):
            edges = [
                s.choose(f"{name}.x[{i}][{j}].kind", candidates(x, width, 2 if reduction and j <= 2 else 1))
                for j, x in enumerate(states, 1)
            ]
            states.append(s.keep_sum(f"{name}.x[{i}].inputs", edges, kept, kept))
        return s.concat(states[2:])

    stem = s.chain(s.x, ("conv", {"c": 3 * c, "k": 3}), ("bn", {}))
    h = [stem, stem]
    width = c
    for layer in range(1, layers + 1):
        reduction = layer in (layers // 3 + 1, 2 * layers // 3 + 1)
        width *= 2 if reduction else 1
        name = "reduction" if reduction else "normal"
        h.append(cell(name if tied else f"h[{layer}].{name}", h[-2], h[-1], width, reduction))
    logits = s.op("linear", s.op("global_avg_pool", h[-1]), c=10)
    return s.finish(logits, **rest)


@cache
def evanet(width: int = 64, frames: int = 32, size: int = 176, repeats: int = 6):
    """`examples/evanet.space`, by hand."""
    s = Sketch(3, frames, size, size, layout="clip")
    lengths = [(n, 3, 3) for n in (1, 3, 5, 7, 9, 11)]

    def normed(x: int) -> int:
        return s.chain(x, ("bn", {}), ("relu", {}))

    def spacetime(path: str, x: int, c: Case, asks) -> int:
        length, k = s.choice(f"{path}.length", lengths)
        asks = [*asks, length]
        kinds = {"conv": s.op("conv", x, asks=asks, c=c, k=k)}
        middle = s.op("conv", x, asks=asks, c=c, k=(1, 3, 3))
        over_time = s.diagrams.apply(lambda k: k[0], k)
        kinds["itgm"] = s.op("temporal_gaussian", middle, asks=[length], length=over_time)
        kinds["conv2plus1d"] = s.op("conv", middle, asks=asks, c=c, k=s.diagrams.apply(lambda k: (k[0], 1, 1), k))
        return normed(s.choose(f"{path}.kind", kinds))

    def module(path: str, x: int, c: int) -> int:
        n_decision, n = s.count(f"{path}.width", 1, 6)
        streams = []
        for i in range(1, 7):
            # What a stream has when there are fewer than i is never asked for; it needs some shape all the same.
            share = s.diagrams.apply(lambda n, i=i: max(1, c // n + (1 if i <= c % n else 0)), n)
            asks = [n_decision]

            def point(share=share, asks=asks) -> int:
                return normed(s.op("pointwise", x, asks=asks, c=share))

            p = f"{path}.s[{i}]"
            length, k = s.choice(f"{p}.pooled.length", lengths)
            two = spacetime(f"{p}.two.first", point(), share, asks)
            branches = {
                "point": point(),
                "one": spacetime(f"{p}.one", point(), share, asks),
                "two": spacetime(f"{p}.two.second", two, share, asks),
                "pooled": normed(s.op("pointwise", s.op("max_pool", x, asks=[length], k=k), asks=asks, c=share)),
            }
            streams.append(s.choose(f"{p}.stream", branches))
        guards = [s.at_least(n, i) for i in range(1, 7)]
        return s.op("add", s.op("pointwise", x, c=c), s.concat(streams, guards, [n_decision]))

    y = normed(s.op("bn", s.op("conv", s.x, c=width, k=7, stride=(1, 2, 2))))
    y = s.op("max_pool", y, k=(1, 3, 3), stride=(1, 2, 2))
    between = [None, ((1, 3, 3), (1, 2, 2)), ((3, 3, 3), (2, 2, 2)), ((2, 2, 2), (2, 2, 2))]
    for m, (pool, factor) in enumerate(zip(between, (2, 4, 8, 8), strict=True), 1):
        if pool is not None:
            y = s.op("max_pool", y, k=pool[0], stride=pool[1])
        y = s.repeat(f"m{m}.repeats", 1, repeats, y, lambda x, k, m=m, f=factor: module(f"m{m}", x, f * width))
    return s.finish(s.op("linear", s.op("global_avg_pool", y), c=400))


@pytest.fixture(scope="session")
def sketch() -> type[Sketch]:
    return Sketch


@pytest.fixture(scope="session")
def make_darts():
    return darts


@pytest.fixture(scope="session")
def make_evanet():
    return evanet
