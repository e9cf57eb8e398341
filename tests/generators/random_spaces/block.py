"""A body that is being written: what can be read in it, and of what shape the next tensor shall be."""

from __future__ import annotations

from dataclasses import dataclass, field

from stdsl.compiler.ir.operation import TensorShape


@dataclass(frozen=True)
class Label:
    """A label of decisions. ``kind``: choose, keep, gate or count; ``values`` that it can have in a condition (of a
    keep: how many stay). ``pin``: whether each value is the name of an alternative. ``once``: there is one such
    decision at most."""

    name: str
    kind: str
    values: tuple[object, ...]
    once: bool = True

    @property
    def pinnable(self) -> bool:
        return self.kind != "keep"


@dataclass(frozen=True)
class Number:
    """A name of a whole number that decisions change. ``values``: all that it may have."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class Numbers:
    """A name of a list of whole numbers of which some may be absent. ``least``: how many there are at least."""

    name: str
    values: tuple[int, ...]
    least: int


@dataclass(frozen=True)
class Known:
    """An operator by its name or a call that keeps tensors of ``shape``. ``anew``: each application decides anew.
    ``within``: what else it applies that decides anew."""

    text: str
    shape: TensorShape
    anew: bool
    within: frozenset[str] = frozenset()


@dataclass
class Block:
    """A body. ``here`` is the shape of the tensors that pieces give; ``channels`` is how the text says its channels.

    ``open``: it is a body of a cell that is also applied to tensors of other channels and sizes, so that numbers
    that depend on the shape may not be written out."""

    here: TensorShape
    channels: str
    open: bool = False
    depth: int = 0
    tied: bool = False
    """Whether it is the body of a tied cell."""
    outside: bool = False
    """Whether it may use other files and extern operators."""
    steady: bool = False
    """Whether what it gives must have the shape of what enters."""
    lines: list[str] = field(default_factory=list)
    tensors: list[tuple[str, TensorShape]] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    lists: list[Numbers] = field(default_factory=list)
    operators: list[Known] = field(default_factory=list)
    """Operators that keep the shape, bound in this body or parameters of it."""
    sets: list[tuple[str, TensorShape]] = field(default_factory=list)
    """Parameters that are sets of operators which keep a shape."""
    constants: list[tuple[str, int]] = field(default_factory=list)
    """Names of numbers that no decision changes."""
    applied: set[str] = field(default_factory=set)
    """What decides anew and was applied by this piece, and outside of the body: it has one path in one binding."""
    around: frozenset[str] = frozenset()
    """What was applied outside."""
    ever: set[str] = field(default_factory=set)
    """What was applied in the whole body."""
    bare: set[str] = field(default_factory=set)
    """Kinds of decisions that this piece left without a label: two would have one path."""

    def begin(self) -> None:
        """What comes now is bound to a name of its own."""
        self.ever |= self.applied
        self.applied = set(self.around)
        self.bare.clear()

    @property
    def even(self) -> bool:
        """Whether two groups divide the channels (of an open body they always do)."""
        return self.open or self.here.channels % 2 == 0

    @property
    def opens(self) -> bool:
        """Whether a body for tensors of several widths may be written here: two groups must always divide these."""
        return self.open or self.here.channels % 2 == 0

    @property
    def free(self) -> bool:
        """Whether what is made here may have another shape from now on."""
        return not self.steady

    @property
    def windowed(self) -> bool:
        return self.here.layout in ("image", "clip")

    @property
    def halves(self) -> bool:
        """Whether all axes are known to be even."""
        return not self.open and self.windowed and all(size % 2 == 0 for size in self.here.axes)
