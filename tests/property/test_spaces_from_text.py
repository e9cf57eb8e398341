"""Generated small spaces as text: what is counted, listed, specialised, predicted and built agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stdsl.compiler.analysis.architecture import Architecture, answers_of
from stdsl.compiler.analysis.circuits.of_space import decided
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.model import Severity, SpaceError
from stdsl.compiler.ir.diagram import evaluate
from stdsl.compiler.ir.graph import SpaceGraph

LIMIT = 400
"""Spaces of more architectures than this are not listed."""
ACCIDENTS = {"E0301", "E0304", "E0306", "E0307", "E0310", "E0410", "E0411", "E0441"}
"""What a random text may run into that is spelt properly: equal paths, keeping too many, nothing within `where`, …"""

profile = settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class Writer:
    """Writes the text of a space; ``pick(n)`` is a number from 0 to n - 1. All tensors have one shape in the end."""

    def __init__(self, pick: Callable[[int], int]) -> None:
        self.pick = pick
        self.counter = 0
        self.tensors = ["x"]
        self.values: list[str] = []
        self.templates: list[str] = []
        self.numbers: list[str] = []
        self.declared: list[str] = []
        self.sizes: list[str] = []
        self.bounds: list[str] = []

    def fresh(self, stem: str) -> str:
        self.counter += 1
        return f"{stem}{self.counter}"

    def one(self, *makers: Callable[[], str]) -> str:
        return makers[self.pick(len(makers))]()

    def label(self) -> str:
        return f" as {self.fresh('d')}" if self.pick(4) else ""

    # -- operators

    def op(self, depth: int = 2) -> str:
        simple = [lambda: "relu", lambda: "conv(4, 3x3)", lambda: "bn", lambda: "zero", lambda: "skip", self.wide]
        simple += [lambda n=n: n for n in (*self.values, *self.templates)]
        if depth == 0:
            return self.one(*simple)
        nested = [self.choose, self.choose, self.maybe, self.repeated, self.together, self.chosen_kernel, self.tested]
        makers = [lambda f=f: f(depth - 1) for f in nested]
        return self.one(*simple[:3], *simple[5:], *makers)

    def wide(self) -> str:
        if self.numbers and self.pick(2):
            return f"(pointwise(2 * {self.numbers[self.pick(len(self.numbers))]}) -> pointwise(4))"
        return f"(pointwise(choose {{2, 5}}{self.label()}) -> pointwise(4))"

    def choose(self, depth: int) -> str:
        names = "pqrs"[: 1 + self.pick(3)]
        return f"(choose {{{', '.join(f'{n}: {self.op(depth)}' for n in names)}}}{self.label()})"

    def maybe(self, depth: int) -> str:
        return f"(maybe ({self.op(depth)}){self.label()})"

    def repeated(self, depth: int) -> str:
        tied = "tied " if self.pick(2) else ""
        count = f"choose {self.pick(2)}..2{self.label()}" if self.pick(2) else str(self.pick(3))
        if self.numbers and self.pick(3) == 0:
            count = f"({self.numbers[self.pick(len(self.numbers))]} - 1)"
        return f"({tied}repeat {count} {{ {self.op(depth)} }})"

    def together(self, depth: int) -> str:
        return f"({self.op(depth)} {('->', '+', '->')[self.pick(3)]} {self.op(depth)})"

    def chosen_kernel(self, depth: int) -> str:
        return f"conv(4, choose {{1, 3, 5x1}}{self.label()})"

    def tested(self, depth: int) -> str:
        if not self.numbers:
            return self.choose(depth)
        a, b = (self.numbers[self.pick(len(self.numbers))] for _ in range(2))
        test = (f"{a} > 1", f"{a} == {b}", f"{a} > 1 and {b} < 2", f"{a} > 1 or {b} > 1", f"not ({a} in 2..3)")
        return f"(if {test[self.pick(5)]} then {self.op(depth)} else {self.op(depth)})"

    # -- lists and tensors

    def tensor(self) -> str:
        return self.tensors[-1 - min(self.pick(len(self.tensors)), self.pick(len(self.tensors)))]

    def items(self) -> str:
        items = [self.tensor() if self.pick(2) else f"{self.tensor()} -> {self.op(1)}" for _ in range(1 + self.pick(3))]
        return f"[{', '.join(items)}]"

    def kept(self) -> str:
        size = ("1", "any", "all", "0..1", "1..2", "2")[self.pick(6)]
        label = self.label()
        if label and size not in ("all",):
            self.sizes.append(label.removeprefix(" as "))
        return f"keep {size}{label}"

    def listed(self) -> str:
        text = self.items()
        if self.pick(2):
            text += f" -> each {self.op(1)}"
        if self.pick(3):
            text += f" -> {self.kept()}"
        return text

    def joined(self) -> str:
        return ("sum", "mean", "sum")[self.pick(3)]

    # -- statements

    def statement(self) -> str:
        return self.one(
            self.apply, self.apply, self.reduce, self.reduce, self.value, self.number, self.loop, self.cell, self.choice
        )

    def bind(self, text: str) -> str:
        name = self.fresh("y")
        self.tensors.append(name)
        return f"{name} = {text}"

    def apply(self) -> str:
        return self.bind(f"{self.tensor()} -> {self.op()}")

    def reduce(self) -> str:
        return self.bind(f"{self.listed()} -> {self.joined()}")

    def choice(self) -> str:
        a, b = self.tensor(), self.tensor()
        return self.bind(f"choose {{l: {a}, both: {a} + {b}}}{self.label()}")

    def value(self) -> str:
        name = self.fresh("f")
        text = f"{name} = {self.op(1)}"
        self.values.append(name)
        return text

    def number(self) -> str:
        name = self.fresh("n")
        label = self.label()
        text = f"{name} = choose 1..{2 + self.pick(2)}{label}"
        if self.numbers and self.pick(3) == 0:
            text = f"{name} = max(1, {self.numbers[-1]} - 1)"
        elif label:
            self.bounds.append(label.removeprefix(" as "))
        self.numbers.append(name)
        return text

    def loop(self) -> str:
        h, i = self.fresh("h"), self.fresh("i")
        bound = self.numbers[self.pick(len(self.numbers))] if self.numbers and self.pick(2) else str(1 + self.pick(2))
        source = f"[{self.tensor()}, *{h}[<{i}]] -> sum" if self.pick(2) else self.tensor()
        step = f"{source} -> {self.op(1)}"
        if self.pick(3) == 0:
            step = f"[{self.tensor()}, *{h}[<{i}]] -> each {self.op(1)} -> keep 1..1{self.label()} -> sum"
        name = self.fresh("y")
        self.tensors.append(name)
        kept = f" -> {self.kept()}" if self.pick(3) == 0 else ""
        return f"for {i} in 1..{bound} {{ {h}[{i}] = {step} }}  {name} = {h}{kept} -> {self.joined()}"

    def cell(self) -> str:
        """Declares a cell; later operators apply it, by its name (a template)."""
        name = self.fresh("c")
        tied = "tied " if self.pick(2) else ""
        inner = Writer(self.pick)
        inner.counter = self.counter + 100
        body = "  ".join(inner.one(inner.apply, inner.reduce) for _ in range(1 + self.pick(2)))
        self.counter = inner.counter
        self.declared.append(f"{tied}cell {name} on x {{ {body}  return {inner.tensors[-1]} }}")
        self.templates.append(name)
        return self.apply()

    def where(self) -> str:
        rules = [f"{n} != 2" for n in self.bounds] + [f"{a} <= {b}" for a in self.bounds for b in self.bounds if a < b]
        rules += [f'size("**.{k}") == 1' for k in self.sizes] + [
            f"{k} <= 1 or {n} == 1" for k in self.sizes for n in self.bounds
        ]
        if not rules or self.pick(2):
            return ""
        return f" where {rules[self.pick(len(rules))]}"

    def text(self, statements: int) -> str:
        body = "\n  ".join(self.statement() for _ in range(statements))
        result = self.tensors[-1]
        declared = "\n".join(self.declared)
        meta = f"meta m on x: image(4, 6, 6) {{\n  {body}\n  return {result}\n}}"
        return f"stdsl 1\n{declared}\n{meta}\nspace s = m(){self.where()}\n"


@st.composite
def texts(draw: st.DrawFn) -> str:
    writer = Writer(lambda n: draw(st.integers(0, n - 1)))
    return writer.text(draw(st.integers(1, 6)))


def graph_of(text: str) -> SpaceGraph:
    """The graph of a text, unless it met an accident."""
    try:
        return load_text(text).graph
    except SpaceError as error:
        found = error.diagnostics
    errors = {d.code for d in found if d.severity is Severity.ERROR}
    assert errors, "an error without a word"
    assert errors <= ACCIDENTS, str(SpaceError(found))
    assume(False)
    raise AssertionError


def some(graph: SpaceGraph, n: int) -> Iterator[Architecture]:
    return islice(architectures(graph), n)


@profile
@given(texts())
def test_count_equals_enumeration(text: str) -> None:
    graph = graph_of(text)
    counted = decided(graph)
    assert counted.exact
    found = list(some(graph, LIMIT + 1))
    assert len(set(found)) == len(found)
    if len(found) <= LIMIT:
        assert counted.low == len(found)
    else:
        assert counted.low > LIMIT


@profile
@given(texts())
def test_every_architecture_has_the_predicted_shape_and_its_costs(text: str) -> None:
    graph = graph_of(text)
    for arch in some(graph, 60):
        network = specialise(graph, arch)
        shape = network.layer(network.outputs[0][1]).shape
        predicted = graph.nodes[graph.outputs[0][1]].type
        answers = answers_of(graph, arch)
        assert shape.layout == predicted.layout
        assert shape.dims == tuple(evaluate(dim, answers) for dim in predicted.dims)
        found = costs(graph, arch)
        assert found.params == sum(layer.cost.params for layer in network.layers)
        assert found.flops == sum(layer.cost.flops for layer in network.layers)


@settings(profile, max_examples=15)
@given(texts())
def test_networks_run_with_the_predicted_shape_and_size(text: str) -> None:
    torch = pytest.importorskip("torch")
    from stdsl.compiler.backends.networks.module import build_module

    torch.set_num_threads(1)
    graph = graph_of(text)
    for arch in some(graph, 3):
        module = build_module(graph, arch, seed=0).eval()
        out = module(torch.zeros(2, 4, 6, 6))
        network = specialise(graph, arch)
        assert tuple(out.shape) == (2, *network.layer(network.outputs[0][1]).shape.dims)
        assert sum(p.numel() for p in module.parameters()) == costs(graph, arch).params


@pytest.mark.slow
@settings(profile, max_examples=3000, derandomize=False)
@given(texts())
def test_count_equals_enumeration_on_many_texts(text: str) -> None:
    test_count_equals_enumeration.hypothesis.inner_test(text)
