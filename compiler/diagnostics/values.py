"""Types and values: what an expression may be made of."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Fix, Label, Severity, kind
from .names import nearest, respelt


@kind
class WrongType(Diagnostic):
    what: str
    wanted: str
    found: str
    advice: str | None = None
    related: tuple[Label, ...] = ()

    code: ClassVar[str] = "E0214"
    title: ClassVar[str] = "value of the wrong type"
    explanation: ClassVar[str] = """\
A value of one type stands where another is needed: a number where an operator is due, a list where one tensor
is, and so on.

    y = 3 -> conv(16, 3x3)           # E0214: a number cannot be piped into an operator
    y = x -> 3                       # E0214: a tensor can only be piped into an operator
"""

    @property
    def message(self) -> str:
        return f"{self.what} must be {self.wanted}, but is {self.found}"

    @property
    def label(self) -> str:
        return f"this is {self.found}" if self.found.startswith(("a ", "an ", "none")) else ""

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str | None:
        return self.advice or f"give {self.wanted}"


@kind
class OperatorWithTensor(Diagnostic):
    operation: str

    code: ClassVar[str] = "E0219"
    title: ClassVar[str] = "operator combined with a tensor"
    explanation: ClassVar[str] = """\
`+` and `*` combine two tensors or two operators, not one of each.

    y = x + conv(16, 3x3)            # E0219
    y = x + (x -> conv(16, 3x3))     # two tensors
    y = x -> identity + conv(16, 3x3)   # two operators, applied to x
"""

    @property
    def message(self) -> str:
        return f"`{self.operation}` between a tensor and an operator"

    @property
    def label(self) -> str:
        return "one side is a tensor, the other an operator"

    @property
    def help(self) -> str:
        return f"apply the operator first: `x {self.operation} (x -> f)`"


@kind
class BadIndex(Diagnostic):
    name: str
    index: str
    length: str
    witness: str = ""
    advice: str = ""

    code: ClassVar[str] = "E0220"
    title: ClassVar[str] = "no such element"
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
A list is indexed by a number that it has no element for. Lists count from 1; `x[0]` exists only where `x[0] =
seed` was written.

    [a, b] -> keep 1 -> sum
    y = x[0]                         # E0220: lists count from 1
"""

    @property
    def message(self) -> str:
        when = f" when {self.witness}" if self.witness else ""
        return f"{self.name} has no element {self.index}{when}: it has {self.length}"

    @property
    def help(self) -> str:
        if self.advice:
            return self.advice
        if self.witness:
            return "ask first whether it is there, `if n >= 2 then x[2] else …`, or join the list"
        if self.index == "0":
            return "lists count from 1: the first element is `[1]`"
        if self.index.startswith("-"):
            return "lists count from 1; `last(n, xs)` are the last n elements"
        return "lists count from 1 to their length"


@kind
class UnknownAttribute(Diagnostic):
    name: str
    owner: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0221"
    title: ClassVar[str] = "unknown attribute"
    explanation: ClassVar[str] = """\
After a `.` stands one of `channels`, `frames`, `height`, `width` of a tensor that has it: an image has no frames.

    op f on x = x -> pointwise(x.chanels // 2)     # E0221
"""

    @property
    def message(self) -> str:
        return f"{self.owner} has no `.{self.name}`"

    @property
    def label(self) -> str:
        return "no such attribute"

    @property
    def help(self) -> str:
        near = nearest(self.name, self.known)
        return (
            f"did you mean `.{near}`?"
            if near
            else f"it has {', '.join('.' + k for k in self.known) or 'no attributes'}"
        )

    @property
    def fix(self) -> Fix | None:
        return respelt(self.span, self.name, self.known)


@kind
class ArithmeticFault(Diagnostic):
    reason: str
    witness: str = ""
    advice: str = "give values for which it is defined"

    code: ClassVar[str] = "E0222"
    title: ClassVar[str] = "arithmetic cannot be done"
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
A division by zero, a root of a negative number, a share that does not exist, or a number too large to be meant.

    width = 16 // (n - 1)            # E0222 when n = 1
"""

    @property
    def message(self) -> str:
        return f"{self.reason}{f' when {self.witness}' if self.witness else ''}"

    @property
    def help(self) -> str:
        return self.advice


@kind
class TooLarge(Diagnostic):
    what: str
    limit: str

    code: ClassVar[str] = "E0224"
    title: ClassVar[str] = "too large"
    explanation: ClassVar[str] = """\
A loop, a list or the whole graph is larger than stdsl builds.

    x -> repeat 1000000000 { relu }  # E0224
"""

    @property
    def message(self) -> str:
        return f"too large: {self.what} ({self.limit})"

    @property
    def help(self) -> str:
        return "check the number; a network of this size could not be run"


@kind
class DiagramLimit(Diagnostic):
    what: str
    steps: bool = False
    """Whether it is not so many cases, but everything up to here together took too many steps."""

    code: ClassVar[str] = "E0225"
    title: ClassVar[str] = "value depends on too many decisions"
    explanation: ClassVar[str] = """\
A number or a shape has too many different cases to be followed for every architecture at once (over 100 000), or
many that are computed one from the other have too many together (300 000 steps).

    xs -> keep any -> concat         # many elements of many different widths

Make the value the same in all cases, for example by fixing the channels after the `concat`:

    xs -> keep any -> concat -> pointwise(c)
"""

    @property
    def message(self) -> str:
        if self.steps:
            return f"{self.what} brings what depends on decisions to over 300000 cases in all"
        return f"{self.what} depends on decisions in over 100000 different ways"

    @property
    def help(self) -> str:
        return "fix it where it arises: `-> pointwise(c)` fixes the channels"


@kind
class CountsDown(Diagnostic):
    low: int
    high: int

    code: ClassVar[str] = "W0203"
    title: ClassVar[str] = "a range that counts down"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
Ranges count up, and hold both of their bounds: `1..3` is 1, 2, 3. Where the lower bound is above the upper one a range
is empty, and a loop over it leaves out its body.

    for i in 3..1 { x[i] = stem -> conv(8, 3x3) }        # W0203: no iteration
    for i in 1..3 { x[i] = stem -> conv(8 * (4 - i), 3x3) }    # 24, 16 and 8 channels

A loop whose upper bound is a parameter that may be 0, as in `1..n`, is left out without a warning.
"""

    @property
    def message(self) -> str:
        return f"`{self.low}..{self.high}` is empty: ranges count up"

    @property
    def label(self) -> str:
        return "this loop has no iterations"

    @property
    def help(self) -> str:
        return f"write `{self.high}..{self.low}`, and compute with the index what is to go down"
