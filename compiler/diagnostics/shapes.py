"""Shapes, attributes and layouts: what the tensors of a space must agree on, in every architecture."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, kind


def _when(witness: str) -> str:
    return f" when {witness}" if witness else ""


@kind
class UnequalShapes(Diagnostic):
    first: str
    second: str
    witness: str = ""
    related: tuple[Label, ...] = ()
    what: str = "the elements of a sum"
    sizes: str = ""
    """The first sizes that differ: `4 channels meet 8`."""

    code: ClassVar[str] = "E0204"
    title: ClassVar[str] = "unequal shapes"
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
What is added up, and the alternatives of a choice that must be alike, need equal shapes in every architecture
that asks for them.

    y = [x -> conv(16, 3x3), x -> conv(32, 3x3)] -> sum      # E0204: 16 channels meet 32

Bring both to one width, for example with `pointwise(c)`.
"""

    @property
    def message(self) -> str:
        return f"{self.what} have unequal shapes{_when(self.witness)}: {self.first} meets {self.second}"

    @property
    def label(self) -> str:
        return self.sizes

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str:
        return "give both the same shape: `-> pointwise(c)` sets the channels, a stride or a pool the size"


@kind
class UnequalConcat(Diagnostic):
    first: str
    second: str
    witness: str = ""
    related: tuple[Label, ...] = ()
    sizes: str = ""
    """The first sizes that differ: `8 frames meet 4`."""

    code: ClassVar[str] = "E0205"
    title: ClassVar[str] = "concat of different sizes"
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
`concat` joins channels; the other dimensions (T, H, W) must be equal.

    y = [x, x -> max_pool(3x3x3, stride = 2x1x1)] -> concat  # E0205: 8 frames meet 4
"""

    @property
    def message(self) -> str:
        shapes = f"{self.first} meets {self.second}"
        return f"the elements of a concat differ in more than channels{_when(self.witness)}: {shapes}"

    @property
    def label(self) -> str:
        return self.sizes

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str:
        return "bring them to equal frames, height and width first, by a stride or a pool"


@kind
class RefusedInput(Diagnostic):
    """An operator refuses what it is given, in some architectures at least."""

    op: str
    reason: str
    advice: str | None
    witness: str = ""
    entering: str = ""
    """The types of the tensors that enter."""

    has_witness: ClassVar[bool] = True

    @property
    def message(self) -> str:
        return f"`{self.op}`: {self.reason}{_when(self.witness)}"

    @property
    def label(self) -> str:
        return f"{self.entering} enters `{self.op}`" if self.entering else ""

    @property
    def help(self) -> str | None:
        return self.advice


@kind
class BadAttribute(RefusedInput):
    code: ClassVar[str] = "E0215"
    title: ClassVar[str] = "a parameter cannot have this value"
    explanation: ClassVar[str] = """\
An operator refuses a value: a kernel whose rank is not that of its input, a stride of 0, groups that do not
divide the channels.

    clip -> conv(16, 3x3)            # E0215: a clip has three window axes (T, H, W)
    clip -> conv(16, 1x3x3)
"""


@kind
class BadShape(RefusedInput):
    code: ClassVar[str] = "E0216"
    title: ClassVar[str] = "an operator does not fit its input"
    explanation: ClassVar[str] = """\
An operator cannot take an input of this shape: a valid window larger than the input, a `linear` on axes that
are not pooled.

    x -> linear(10)                  # E0216 for an image of 8x8
    x -> global_avg_pool -> linear(10)
"""


@kind
class BadLayout(RefusedInput):
    code: ClassVar[str] = "E0217"
    title: ClassVar[str] = "an operator is not for this type of tensor"
    explanation: ClassVar[str] = """\
An operator is applied to a tensor of a type that it is not made for: a convolution on features, a fold of
frames on an image.

    x -> global_avg_pool -> linear(64) -> conv(8, 3x3)       # E0217: features have no window axes
"""


@kind
class WrongInputs(Diagnostic):
    op: str
    wanted: str
    given: int
    related: tuple[Label, ...] = ()
    inputs: tuple[str, ...] = ()
    """What it calls them."""
    mapped: bool = False
    """Whether the list comes from an `each`, whose operand ends at the next `->`."""

    code: ClassVar[str] = "E0218"
    title: ClassVar[str] = "wrong number of inputs"
    explanation: ClassVar[str] = """\
A list of n tensors fills n inputs; an operator with one input takes one tensor.

    [a, b] -> conv(16, 3x3)          # E0218: use `each`, or `sum` or `concat` first
    [a, b] -> concat -> conv(16, 3x3)
"""

    @property
    def message(self) -> str:
        return f"`{self.op}` takes {self.wanted}, but gets {self.given}"

    @property
    def label(self) -> str:
        return "a list of no tensors enters" if not self.given else f"{self.given} tensor{'s' * (self.given > 1)} here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str:
        if self.mapped:
            return "`each` reaches to the next `->`: write `each (f -> g)` to map over both"
        if self.given > 1:
            return "use `each` to apply it to every one, or join them first with `sum` or `concat`"
        return f"pipe in a list with one tensor per input: `[{', '.join(self.inputs)}] -> {self.op}`"


@kind
class EmptyReduce(Diagnostic):
    op: str
    witness: str = ""

    code: ClassVar[str] = "E0228"
    title: ClassVar[str] = "nothing to join"
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
`concat` of no tensors is an error, and so is `sum` of an empty list, whose shape nobody knows.

    [] -> sum                        # E0228
    xs -> keep 0..1 -> concat        # E0228: it may keep none
"""

    @property
    def message(self) -> str:
        return f"`{self.op}` of no tensors{_when(self.witness)}"

    @property
    def help(self) -> str:
        return "keep at least one element, as `keep any` does"
