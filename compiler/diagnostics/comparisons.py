"""What `compare` names."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind
from .source import Span


@kind
class ComparedTwice(Diagnostic):
    """Two texts of `compare { spaces = … }` that name one network."""

    text: str
    first: str
    first_span: Span | None = None

    code: ClassVar[str] = "W0522"
    title: ClassVar[str] = "a space is compared twice"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
Spaces are compared by what they are: a declaration and the values of its parameters, however these are written. A
network that is named twice is trained once, and has one row in the result.

    space flat(c = 8, k = 1) = net(c * k)

    compare { spaces = [flat, flat(8), flat(4 + 4)] }      one network, named three times
    compare { spaces = [flat, flat(16), flat(8, 2)] }      three networks"""

    @property
    def message(self) -> str:
        return f"`{self.text}` is the same network as `{self.first}`; it is trained once"

    @property
    def label(self) -> str:
        return "named again here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.first_span is None else (Label(self.first_span, "the same network"),)

    @property
    def help(self) -> str:
        return "leave one of them out"


@kind
class NotComparable(Diagnostic):
    """What `compare` asks for and no network can be made of."""

    what: str
    fault: str
    advice: str
    space: Span | None = None

    code: ClassVar[str] = "E0523"
    title: ClassVar[str] = "a comparison that cannot be made"
    explanation: ClassVar[str] = """\
`compare { spaces = … }` trains spaces as they are, so they must leave nothing open; `compare { random = … }` draws
architectures of the space that is searched, so it must leave something open.

    compare { spaces = [cells] }                    E0523: `cells` has decisions
    compare { spaces = [baseline] }                 right: a space without decisions
    compare { random = 3 }                          architectures of the searched space"""

    @property
    def message(self) -> str:
        return f"{self.what} cannot be trained for comparison: {self.fault}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.space is None else (Label(self.space, "this space"),)

    @property
    def help(self) -> str:
        return self.advice
