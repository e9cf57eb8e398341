"""Constraints of a space: what stands after `where`."""

from __future__ import annotations

from typing import ClassVar

from .habits import COSTS
from .model import Diagnostic, Fix, Label, Severity, kind
from .names import nearest, respelt
from .source import Span

_COSTS = ("flops", "params", "depth", "activations")
_BOUNDED = f"costs that can be bounded are {', '.join(_COSTS)}"


@kind
class BadConstraint(Diagnostic):
    reason: str
    advice: str = "compare a cost (`flops <= 600M`) or decisions by their labels (`width % heads == 0`)"

    code: ClassVar[str] = "E0410"
    title: ClassVar[str] = "this is no constraint"
    explanation: ClassVar[str] = """\
After `where` stand conditions: on a cost (flops, params, depth, activations) or on decisions.

    space s = tower(16) where flops                      # E0410
    space s = tower(16) where flops <= 600M, params in 3M..6M
"""

    @property
    def message(self) -> str:
        return self.reason

    @property
    def help(self) -> str:
        return self.advice


@kind
class UnknownLabel(Diagnostic):
    """``paths``: those of all decisions. ``written``: what of the text looks like one of them. ``alternative``: whether
    alternatives of decisions are called so."""

    name: str
    known: tuple[str, ...]
    paths: tuple[str, ...] = ()
    written: str = ""
    alternative: bool = False

    code: ClassVar[str] = "E0411"
    title: ClassVar[str] = "no decision of that name"
    explanation: ClassVar[str] = """\
A constraint names a label or a pattern that no decision of the space bears.

    space s = tower(16) where wdith <= 3                 # E0411: did you mean `width`?
"""

    @property
    def message(self) -> str:
        return f"no decision of this space matches `{self.name}`"

    @property
    def help(self) -> str:
        if self.alternative:
            return f'the name of an alternative stands in quotes: `"{self.name}"`'
        near = nearest(self.name, self.known) or COSTS.get(self.name) or nearest(self.name, _COSTS)
        if near:
            return f"did you mean `{near}`?"
        if path := self._path():
            return f"did you mean `{path}`?" if "." in self.name else f'a path is written in quotes: `"{path}"`'
        if self.known:
            return f"its labels are {', '.join(self.known)}; {_BOUNDED}"
        if not self.paths:
            return f"it has no decisions: leave the condition out; {_BOUNDED}"
        return f'its decisions have no labels: add `as name`, or write a path in quotes, such as `"{self.paths[0]}"`'

    def _path(self) -> str | None:
        """The path that is meant, where there is one that begins so or is nearly so."""
        written = self.written or self.name
        if "." not in written or "*" in written:
            return None
        longer = [path for path in self.paths if path.startswith(f"{written}.") or path == written]
        return longer[0] if longer else nearest(written, self.paths)

    @property
    def fix(self) -> Fix | None:
        return respelt(self.span, self.name, self.known)


@kind
class UnknownAlternative(Diagnostic):
    """``bearer``: the name of an alternative of which the text is the value. ``value``: what kind of value the text
    stands for, where an alternative is that value and has no name; then ``written`` is the comparison without quotes,
    if it is to be shown, and ``partly`` says that others of these decisions have no values."""

    decision: str
    name: str
    known: tuple[str, ...]
    bearer: str = ""
    value: str = ""
    written: str = ""
    partly: bool = False

    code: ClassVar[str] = "E0414"
    title: ClassVar[str] = "no alternative of that name"
    explanation: ClassVar[str] = """\
A constraint compares a choice with a text, or pins it to one, that is the name of none of its alternatives: it could
never hold.

    y = x -> choose {sep3, sep5, skip} as kind
    space s = net where kind != "sep7"                   # E0414: it has sep3, sep5, skip
    space s = net where kind != "sep5"                   # right

Numbers and sizes that no name is written for are values, which are compared without quotes.

    y = x -> conv(8, choose {3x3, 5x5} as kernel)
    space s = net where kernel == "3x3"                  # E0414: a size, not a name
    space s = net where kernel == 3x3                    # right
"""

    @property
    def message(self) -> str:
        if self.value:
            return f"`{self.name}` of `{self.decision}` is {self.value}, not a name"
        return f"`{self.decision}` has no alternative `{self.name}`"

    @property
    def help(self) -> str:
        shown = ", ".join(self.known[:12]) + (", …" if len(self.known) > 12 else "")
        if self.value:
            return self._unquoted()
        if self.bearer:
            return f"`{self.name}` is the value of an alternative, and its name is `{self.bearer}`: it has {shown}"
        near = nearest(self.name, self.known)
        return f"did you mean `{near}`? it has {shown}" if near else f"it has {shown}"

    def _unquoted(self) -> str:
        if self.partly:
            shown = f", as in `{self.written}`" if self.written else ""
            return f"some of these decisions have names and no values: compare those alone that have values{shown}"
        return f"write `{self.name}` without quotes" + (f": `{self.written}`" if self.written else "")


@kind
class NeverDecided(Diagnostic):
    """``missing``: as they are written; ``known``: the values that there are. ``outcome``: of the whole comparison,
    where none of its values can occur."""

    decision: str
    missing: tuple[str, ...]
    known: tuple[str, ...]
    outcome: str = ""

    code: ClassVar[str] = "W0415"
    title: ClassVar[str] = "a value that is never decided"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A constraint compares decisions with a value that none of them can take: the comparison is never true, or with `!=` and
`not in` always, and in a set the value says nothing.

    y = x -> conv((choose {8, 16, 32} as width), 3x3)
    space s = net where width in {8, 17}                 # W0415: it takes 8, 16, 32
    space s = net where width in {8, 16}                 # right
"""

    @property
    def message(self) -> str:
        if self.outcome:
            return f"this is {self.outcome}: {self._missing()}"
        return self._missing()

    def _missing(self) -> str:
        return f"`{self.decision}` is never {' or '.join(f'`{one}`' for one in self.missing)}"

    @property
    def help(self) -> str:
        shown = ", ".join(self.known[:12]) + (", …" if len(self.known) > 12 else "")
        return f"`{self.decision}` takes {shown}"


@kind
class AmbiguousLabel(Diagnostic):
    name: str
    parameter: Span
    cost: bool = False
    """Whether the name is that of a cost rather than a parameter's; then ``parameter`` is the decision's place."""

    code: ClassVar[str] = "E0412"
    title: ClassVar[str] = "a label and something else of one name"
    explanation: ClassVar[str] = """\
In a constraint a bare name is a label of decisions, a parameter of the space or a cost; it cannot be two of them.

    space s(width = 4) = tower(width) where width <= 3   # E0412 if a decision is labelled `width`
"""

    @property
    def message(self) -> str:
        other = "a cost" if self.cost else "a parameter of the space"
        return f"`{self.name}` is {other} and the label of a decision"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.parameter, "the decision" if self.cost else "the parameter"),)

    @property
    def help(self) -> str:
        pattern = f'write the label as a pattern, `"**.{self.name}"`'
        if self.cost:
            return f"to compare what is decided, {pattern}; to bound the cost, rename the label"
        return f"{pattern}, or rename the parameter"
