"""Calls and declarations: what arguments, bodies and inputs may be."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from .habits import PARAMETERS
from .model import Diagnostic, Edit, Fix, Label, kind
from .names import nearest, respelt
from .source import Span


@kind
class WrongNumberOfArguments(Diagnostic):
    """A call with too few or too many arguments, beside the signature that they should fit."""

    callee: str
    signature: str = field(kw_only=True)
    declared: Span | None = field(default=None, kw_only=True)

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.declared, "declared here"),) if self.declared else ()

    @property
    def help(self) -> str:
        return f"its signature is `{self.signature}`"


@kind
class MissingArgument(WrongNumberOfArguments):
    parameters: tuple[str, ...]
    advice: str | None = None

    code: ClassVar[str] = "E0210"
    title: ClassVar[str] = "missing argument"
    explanation: ClassVar[str] = """\
A parameter without a default got no value.

    x -> conv(16)                    # E0210: `conv` needs `k`
    x -> conv(16, 3x3)

A space gives the parameters of its meta, or has parameters of its own to pass on:

    space small = net                # E0210 where `net` needs `c`
    space small = net(c = 16)
    space sized(c = 16) = net(c)     # `sized(c = 32)` in a search, `-p c=32` on the command line
"""

    @property
    def message(self) -> str:
        return f"`{self.callee}` needs {'a value' if len(self.parameters) == 1 else 'values'} for {self._missing}"

    @property
    def label(self) -> str:
        return f"{self._missing} {'is' if len(self.parameters) == 1 else 'are'} missing"

    @property
    def _missing(self) -> str:
        *others, last = (f"`{name}`" for name in self.parameters)
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def help(self) -> str:
        return self.advice or super().help


@kind
class TooManyArguments(WrongNumberOfArguments):
    wanted: int
    given: int
    tensors: bool = False
    """Whether what is too much are tensors, or lists of them."""

    code: ClassVar[str] = "E0211"
    title: ClassVar[str] = "too many arguments"
    explanation: ClassVar[str] = """\
More values are given than there are parameters.

    x -> pointwise(16, 1, true, 3)   # E0211
"""

    @property
    def message(self) -> str:
        takes = f"{self.wanted} argument{'s' if self.wanted != 1 else ''}"
        return f"`{self.callee}` takes {takes}, but {self.given} {'is' if self.given == 1 else 'are'} given"

    @property
    def label(self) -> str:
        return "this one is too many"

    @property
    def help(self) -> str:
        if self.tensors:
            join = self.signature.startswith("list ->")
            return f"tensors are piped in: `{'[a, b]' if join else 'x'} -> {self.callee}`"
        if not self.wanted:
            return f"its signature is `{self.signature}`; tensors are piped in: `x -> {self.callee}`"
        return super().help


@kind
class UnknownParameter(Diagnostic):
    callee: str
    parameter: str
    known: tuple[str, ...]
    signature: str

    code: ClassVar[str] = "E0212"
    title: ClassVar[str] = "unknown parameter"
    explanation: ClassVar[str] = """\
A value is given by a name that the operator does not have.

    x -> conv(16, 3x3, strides = 2)  # E0212: did you mean `stride`?
"""

    @property
    def message(self) -> str:
        return f"`{self.callee}` has no parameter `{self.parameter}`"

    @property
    def label(self) -> str:
        return "no such parameter"

    @property
    def help(self) -> str:
        meant = PARAMETERS.get(self.parameter)
        near = meant if meant in self.known else nearest(self.parameter, self.known)
        if near == "pad":
            return (
                "windows pad by themselves so that the output is ceil(size / stride); `pad = none` gives valid windows"
            )
        return f"did you mean `{near}`?" if near else f"its signature is `{self.signature}`"

    @property
    def fix(self) -> Fix | None:
        meant = PARAMETERS.get(self.parameter)
        if meant is None or self.span is None or not self.span.text.startswith(self.parameter):
            return respelt(self.span, self.parameter, self.known)
        if meant == "pad" or meant not in self.known:
            return None
        place = Span(self.span.source, self.span.start, self.span.start + len(self.parameter))
        return Fix(f"write `{meant}`", (Edit(place, meant),))


@kind
class RepeatedArgument(Diagnostic):
    callee: str
    parameter: str

    code: ClassVar[str] = "E0213"
    title: ClassVar[str] = "argument given twice"
    explanation: ClassVar[str] = """\
One parameter got two values, by position and by name or by name twice; or a value without a name follows one
with a name.

    x -> conv(16, 3x3, c = 32)       # E0213: `c` is 16 already
"""

    @property
    def message(self) -> str:
        return f"`{self.callee}` gets `{self.parameter}` twice"

    @property
    def label(self) -> str:
        return "given again here"

    @property
    def help(self) -> str:
        return "remove one of the two"


@kind
class BadReturn(Diagnostic):
    callee: str
    wanted: str
    found: str

    code: ClassVar[str] = "E0226"
    title: ClassVar[str] = "body returns the wrong thing"
    explanation: ClassVar[str] = """\
A body with its input named returns a tensor; one without returns an operator.

    op f(c) = conv(c, 3x3) -> bn              # an operator
    op f(c) on x = x -> conv(c, 3x3) -> bn    # a tensor
    op f(c) on x = conv(c, 3x3)               # E0226
"""

    @property
    def message(self) -> str:
        return f"the body of `{self.callee}` must return {self.wanted}, but returns {self.found}"

    @property
    def label(self) -> str:
        return f"this is {self.found}"

    @property
    def help(self) -> str:
        if self.found == "an operator":
            return "apply the operator to the input: `x -> …`"
        if self.found in ("a number", "a truth value", "a string", "a tuple"):
            return f"return {self.wanted}: `op` and `cell` declare no functions; write {self.found} where it is needed"
        return f"return {self.wanted}"


@kind
class Recursion(Diagnostic):
    chain: tuple[str, ...]

    code: ClassVar[str] = "E0223"
    title: ClassVar[str] = "declaration refers to itself"
    explanation: ClassVar[str] = """\
An op, a cell or a constant may not need itself: evaluating a file always terminates.

    op a(c) = relu -> b(c)
    op b(c) = bn -> a(c)             # E0223

Use `repeat` or `for` for what recurs.
"""

    @property
    def message(self) -> str:
        return f"a declaration refers to itself: {' -> '.join(self.chain)}"

    @property
    def label(self) -> str:
        return "this closes the circle"

    @property
    def help(self) -> str:
        return "use `repeat` or `for` for what recurs"


@kind
class NoInputs(Diagnostic):
    name: str

    code: ClassVar[str] = "E0230"
    title: ClassVar[str] = "meta without inputs"
    explanation: ClassVar[str] = """\
A meta says what enters the network: a name and a type for every input.

    meta tower(c) { … }                                  # E0230
    meta tower(c) on x: image(3, 32, 32) { … }
"""

    @property
    def message(self) -> str:
        return f"meta `{self.name}` has no inputs"

    @property
    def help(self) -> str:
        return f"name them with their types: `meta {self.name} on x: image(3, 32, 32) {{ … }}`"


@kind
class BadInputType(Diagnostic):
    reason: str
    known: tuple[str, ...]
    advice: str | None = None

    code: ClassVar[str] = "E0231"
    title: ClassVar[str] = "this is no type of an input"
    explanation: ClassVar[str] = """\
The inputs of a meta are `image(C, H, W)`, `clip(C, T, H, W)`, `tokens(N, C)` or `features(C)`, with whole
numbers of at least 1.

    meta tower on x: image(32, 32) { … }                 # E0231: channels first
    meta tower on x: image(3, 32, 32) { … }
"""

    @property
    def message(self) -> str:
        return self.reason

    @property
    def help(self) -> str:
        if self.advice:
            return self.advice
        return (
            f"an input is {', '.join(self.known[:-1])} or {self.known[-1]}"
            if len(self.known) > 1
            else f"write {self.known[0]}"
        )
