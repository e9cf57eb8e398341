"""A text that is being written: what is declared, what can be read at this point, and of what shape it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from stdsl.compiler.ir.operation import TensorShape

from .block import Block, Known, Label
from .names import Names

UNLABELLED = {"choice": "choose", "keep": "keep", "gate": "gate", "count": "count"}
"""What the paths of decisions without a label end in, by their kinds."""
LAYOUTS = ("image", "clip", "tokens", "features")


@dataclass
class Writer:
    rng: random.Random
    block: Block
    names: Names
    declared: list[str] = field(default_factory=list)
    uses: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    where: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    templates: list[Known] = field(default_factory=list)
    """Declared operators, known in all bodies."""
    shown: set[str] = field(default_factory=set)
    budget: int = 4
    """How many pieces may still be written, here and in cells."""
    doubtful: int = 0
    """Above 0 inside of what may never be reached, so that no constraint can name what is decided there."""
    quiet: int = 0
    """Above 0 inside of what stands several times (loops, cells), where a label is no single decision."""
    searched: bool = False
    """Whether the text has a search of its space."""
    hole: str = ""
    """A parameter of the meta that is an operator."""
    extern: bool = False
    """Whether an extern operator is applied."""

    def show(self, *constructs: str) -> None:
        self.shown.update(constructs)

    # -- chance

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def one(self, *options: str) -> str:
        return self.rng.choice(options)

    def some(self, *makers: Callable[[], str]) -> str:
        return self.rng.choice(makers)()

    def comma(self) -> str:
        """A comma behind the last of several, now and then."""
        return "," if self.chance(0.13) else ""

    # -- names and lines

    def fresh(self, stem: str) -> str:
        return self.names.fresh(stem, self.rng)

    def line(self, text: str) -> None:
        self.block.lines.append(text)

    def bind(self, stem: str, expression: str) -> str:
        name = self.fresh(stem)
        self.line(f"{name} = {expression}")
        return name

    def tensor_of(self, expression: str) -> str:
        """A name for a tensor of the shape wanted here; later pieces may read it."""
        name = self.bind("v", expression)
        self.block.tensors.append((name, self.block.here))
        return name

    def declare(self, text: str) -> None:
        self.declared.append(text)

    def use(self, module: str, name: str) -> str:
        """The name by which an operator of the library is to be called: another one where two modules have one of that
        name (`relu_conv_bn` of images and of clips)."""
        taken = any(name in names for other, names in self.uses.items() if other != module)
        shown = f"{module.rpartition('.')[2]}_{name}" if taken else name
        if name not in self.uses.setdefault(module, set()):
            self.uses[module].add(f"{name} as {shown}" if taken else name)
        else:
            shown = name
        self.show("use from the library")
        return shown

    def label(self, stem: str, kind: str, values: tuple[object, ...], p: float = 0.6) -> str:
        """`` as NAME``, or nothing where that leaves the path its own."""
        leaf = "choose" if kind == "number" else kind
        if leaf not in self.block.bare and not self.chance(p):
            self.block.bare.add(leaf)
            return ""
        self.show("label")
        name = self.fresh(stem)
        bare = UNLABELLED.get(name)
        if bare is not None:
            name += "_" if bare != leaf or bare in self.block.bare else ""
            self.block.bare.add(leaf)
        values = () if self.doubtful else values
        self.labels.append(Label(name, kind, values, once=not (self.quiet or self.block.depth)))
        return f" as {name}"

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """What is written inside may never be reached."""
        self.doubtful += 1
        yield
        self.doubtful -= 1

    # -- what there is

    def tensor(self) -> str:
        """A tensor of the shape wanted here, rather a late one."""
        fitting = [name for name, shape in self.block.tensors if shape == self.block.here]
        n = len(fitting)
        return fitting[-1 - min(self.rng.randrange(n), self.rng.randrange(n))]

    @property
    def c(self) -> str:
        """The channels of tensors here, as text."""
        return self.block.channels

    def becomes(self, shape: TensorShape) -> None:
        """What is made from here on has another shape."""
        assert self.block.free
        self.block.here, self.block.channels = shape, str(shape.channels)

    @contextmanager
    def inside(
        self, *inputs: str, channels: str | None = None, open: bool = False, tied: bool = False, steady: bool = False
    ) -> Iterator[Block]:
        """A new body with inputs of the shape that is wanted here. Afterwards the old one goes on.

        ``channels``: the parameter that says them; a body in an open one must have it."""
        outer = self.block
        assert channels or not outer.open
        self.block = Block(outer.here, channels or str(outer.here.channels), open or outer.open, outer.depth + 1, tied)
        self.block.outside = outer.outside
        self.block.steady = steady or self.block.open
        self.block.tensors = [(name, outer.here) for name in inputs]
        self.block.around = frozenset(outer.applied)
        self.block.begin()
        self.quiet += 1
        try:
            yield self.block
        finally:
            self.quiet -= 1
            outer.applied |= self.block.ever | self.block.applied
            self.block = outer

    def size(self, **changes: object) -> TensorShape:
        return replace(self.block.here, **changes)
