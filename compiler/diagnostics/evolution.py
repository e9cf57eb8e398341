"""E0536, W0537, E0538: mutations and edits that do not fit a space."""

from __future__ import annotations

from typing import ClassVar

from ..text.patterns import wider
from .model import Diagnostic, Severity, kind
from .names import nearest

SHOWN = 8
"""So many decisions are named."""


@kind
class NothingMutates(Diagnostic):
    """A strategy none of whose mutations can change anything in the space."""

    space: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0536"
    title: ClassVar[str] = "no mutation changes anything in this space"
    explanation: ClassVar[str] = """\
The mutations of an `evolution` name decisions by patterns over their paths: `*` is one segment with any index, `**` any
number of segments. `resample` changes every kind of decision, `grow` and `shrink` numbers, the lengths of lists, a
`keep` of open size and `maybe`. Where none of them fits a decision of the space, all children equal their parents.

    mutate = [resample("**.knd")]                        no decision is called so
    mutate = [grow("**.kind")]                           the alternatives of `kind` are no numbers
    mutate = [resample("**.kind"), grow("**.width")]     right

`stdsl info` lists the decisions of a space."""

    @property
    def message(self) -> str:
        return f"no mutation of this strategy changes a decision of `{self.space}`"

    @property
    def notes(self) -> tuple[str, ...]:
        rest = len(self.known) - SHOWN
        more = f", and {rest} more" if rest > 0 else ""
        return (f"its decisions are {', '.join(f'`{path}`' for path in self.known[:SHOWN])}{more}",)

    @property
    def help(self) -> str:
        return '`mutate = [resample("**")]` changes any one of them'


@kind
class MutatesNothing(Diagnostic):
    """A mutation that is never applied, because it fits nothing in the space."""

    mutation: str
    pattern: str
    space: str
    known: tuple[str, ...] = ()
    """The paths of its decisions."""

    severity: ClassVar[Severity] = Severity.WARNING
    code: ClassVar[str] = "W0537"
    title: ClassVar[str] = "a mutation that changes nothing in this space"
    explanation: ClassVar[str] = """\
A mutation is drawn again where it cannot be applied. This one never can: its pattern matches no decision of the space
that it could change; most often it is misspelt. A strategy of another file, meant for several spaces, may well have
such mutations, and nothing is said of them.

    mutate = [resample("**.kind"), grow("**.wdth")]     W0537 where the decision is called `width`
"""

    @property
    def message(self) -> str:
        return f'`{self.mutation}("{self.pattern}")` changes no decision of `{self.space}`'

    @property
    def help(self) -> str:
        near = wider(self.pattern, self.known)
        return f'did you mean `"{near}"`?' if near else "mend its pattern, or leave it out"


@kind
class EditsNothing(Diagnostic):
    """An edit of given architectures that changes nothing in the space."""

    pattern: str
    value: str
    space: str
    matched: bool
    """Whether the pattern fits a decision."""
    known: tuple[str, ...] = ()
    """The paths of the decisions that have the alternative."""
    options: tuple[str, ...] = ()
    """The alternatives of the decisions that the pattern fits."""

    code: ClassVar[str] = "E0538"
    title: ClassVar[str] = "an edit that changes nothing in this space"
    explanation: ClassVar[str] = """\
An `evolution` may start from given architectures with edits: decisions that match a pattern, and have the alternative,
get it. No decision of the space does both, so the architectures would be tried as they are.

    start { architectures = ["found.arch.json"]  edit { "**.kind" = "conv2plus2d" } }     E0538: no `kind` has that
    start { architectures = ["found.arch.json"]  edit { "**.kind" = "conv2plus1d" } }     right

`stdsl info` lists the decisions of a space with their alternatives."""

    @property
    def message(self) -> str:
        if self.matched:
            return f'no decision of `{self.space}` that matches `"{self.pattern}"` has `{self.value}`'
        return f'no decision of `{self.space}` matches `"{self.pattern}"`'

    @property
    def help(self) -> str:
        near = nearest(self.value, self.options) if self.matched else wider(self.pattern, self.known)
        if near and self.matched:
            return f"did you mean `{near}`?"
        return f'did you mean `"{near}"`?' if near else "mend the edit, or leave it out"
