"""Random texts of cells in cells in cells, all of which can be relaxed.

Cells are tied, untied, tied by a parameter; they take numbers and operators, decided inside, outside and on the way.
Names come from a small pool, so that the same one stands for different things at different levels.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import stdsl
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.diagnostics.model import SpaceError

UNITS = (
    "conv(4, 3x3)",
    "pointwise(4)",
    "depthwise(3)",
    "bn",
    "relu",
    "max_pool(3)",
    "avg_pool(3)",
    "identity",
    "scale",
)
UNITS += ("relu -> pointwise(4) -> bn", "depthwise(3) -> pointwise(4) -> bn", "group_norm(2)", "zero")
LABELS = ("kind", "k", "way", "")


@dataclass(frozen=True)
class Declared:
    """A cell: its name, and which parameters it takes (``n`` a number, ``f`` an operator)."""

    name: str
    parameters: tuple[str, ...]


@dataclass
class Body:
    """The statements of a cell or of the meta, as far as they are written."""

    rng: random.Random
    cells: list[Declared]
    tensors: list[str]
    numbers: list[str] = field(default_factory=lambda: ["1", "3"])
    operators: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def fresh(self) -> str:
        """A name that nothing of this body has, out of few."""
        free = [name for name in (*"abcdpqrs", *(f"{c}{i}" for c in "abcd" for i in "123")) if name not in self.taken]
        name = self.rng.choice(free[:4])
        self.taken.add(name)
        return name

    def label(self) -> str:
        label = self.rng.choice(LABELS)
        return f" as {label}" if label else ""

    def tensor(self) -> str:
        return self.rng.choice(self.tensors[-3:])

    def number(self) -> str:
        if self.rng.random() < 0.2:
            return f"(choose {{1, 3}}{self.label()})"
        return self.rng.choice(self.numbers)

    def operator(self) -> str:
        """Something in parentheses."""
        roll = self.rng.random()
        if roll < 0.25:
            return f"(choose {{x: {self.unit()}, y: {self.unit()}, z: {self.unit()}}}{self.label()})"
        if roll < 0.4:
            return f"(maybe ({self.unit()}){self.label()})"
        if roll < 0.6 and self.cells:
            return f"({self.call()})"
        return f"({self.unit()})"

    def unit(self) -> str:
        roll = self.rng.random()
        if roll < 0.3:
            return f"conv(4, {self.number()})"
        if roll < 0.5 and self.operators:
            return self.rng.choice(self.operators)
        return self.rng.choice(UNITS)

    def call(self) -> str:
        cell = self.rng.choice(self.cells[-4:])
        given = [self.number() if p == "n" else self.operator() for p in cell.parameters]
        return f"{cell.name}({', '.join(given)})" if given else cell.name

    def repeated(self) -> str:
        form = self.rng.choice(("repeat 2", "tied repeat 2", "repeat choose 1..2", "tied repeat choose 1..2"))
        label = self.label() if "choose" in form else ""
        return f"{form}{label} {{ {self.operator()} }}"

    def statement(self) -> None:
        name, roll = self.fresh(), self.rng.random()
        if roll < 0.15:
            self.lines.append(f"{name} = choose {{1, 3}}{self.label()}")
            self.numbers.append(name)
        elif roll < 0.3:
            self.lines.append(f"{name} = choose {{x: {self.unit()}, y: {self.unit()}}}{self.label()}")
            self.operators.append(name)
        elif roll < 0.4:
            self.lines.append(f"for i in 1..2 {{ {name}[i] = {self.tensor()} -> {self.operator()} }}")
            self.tensors.append(self.rng.choice((f"{name}[1]", f"({name} -> sum)")))
        else:
            self.lines.append(f"{name} = {self.expression()}")
            self.tensors.append(name)

    def expression(self) -> str:
        roll = self.rng.random()
        if roll < 0.2:
            kept = self.rng.choice(("keep 1", "keep all", "keep any", "keep 0..2"))
            reduce = self.rng.choice(("sum", "sum", "mean"))
            items = f"{self.tensor()} -> {self.operator()}, {self.tensor()}"
            return f"[{items}] -> {kept}{self.label()} -> {reduce}"
        if roll < 0.35:
            return f"{self.tensor()} -> {self.repeated()}"
        if roll < 0.75 and self.cells:
            return f"{self.tensor()} -> {self.call()}"
        return f"{self.tensor()} -> {self.operator()}"


def cell_text(rng: random.Random, name: str, cells: list[Declared]) -> tuple[str, Declared]:
    parameters = tuple(p for p in ("n", "f") if rng.random() < 0.4)
    kind = rng.choice(("cell", "cell", "tied cell", "tied cell", "tied(n) cell" if "n" in parameters else "cell"))
    body = Body(rng, cells, ["x"], taken={"x", "n", "f"})
    body.numbers += [p for p in parameters if p == "n"] * 3
    body.operators += [p for p in parameters if p == "f"] * 2
    for _ in range(rng.randint(1, 3)):
        body.statement()
    last = body.tensors[-1]
    result = f"({last} -> {body.operator()}) + x" if rng.random() < 0.5 else f"{last} -> bn"
    head = f"{kind} {name}{'(' + ', '.join(parameters) + ')' if parameters else ''} on x"
    return f"{head} {{ {'  '.join(body.lines)}  return {result} }}", Declared(name, parameters)


def nested_text(rng: random.Random) -> str:
    """A random text with a space `s` over an image(4, 6, 6) that can be relaxed."""
    while True:
        text = _attempt(rng)
        try:
            if not relaxable(stdsl.loads(text).graph):
                return text
        except SpaceError:
            continue  # such as a tied cell that was given decisions of its own


def _attempt(rng: random.Random) -> str:
    lines, cells = ["stdsl 1"], list[Declared]()
    for i in range(rng.randint(2, 4)):
        text, declared = cell_text(rng, "uvwt"[i], cells)
        lines.append(text)
        cells.append(declared)
    body = Body(rng, cells, ["x"], taken={"x"})
    for _ in range(rng.randint(1, 4)):
        body.statement()
    used = " + ".join(dict.fromkeys([f"(x -> {body.call()})", *body.tensors[-2:]]))
    lines += ["meta m on x: image(4, 6, 6) {", *(f"  {line}" for line in body.lines)]
    lines += [f"  return {used}", "}", "space s = m", ""]
    return "\n".join(lines)
