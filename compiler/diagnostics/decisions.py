"""Decisions: their paths, alternatives and tying."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from .model import Diagnostic, Label, kind
from .source import Span

PATHS = 3
"""So many paths that are equal for one reason are named."""


@kind
class EqualPaths(Diagnostic):
    path: str
    first: Span
    ways: tuple[Span, Span] | None = None
    """The steps and applications that lead to the first and to the second decision, where they part."""

    code: ClassVar[str] = "E0301"
    title: ClassVar[str] = "two decisions with equal paths"
    explanation: ClassVar[str] = """\
A decision is named by the names on the way to it. Two decisions in one statement need labels or bindings of their own.

    y = x -> choose {a, b} -> choose {a, b}                      # E0301: both are `y.choice`
    y = x -> choose {a, b} as first -> choose {a, b} as second   # `y.first`, `y.second`
"""

    @property
    def message(self) -> str:
        return f"two decisions have the path `{self.path}`"

    @property
    def label(self) -> str:
        return "the second decision" if self.first != self.span else "this decides both"

    @property
    def secondary(self) -> tuple[Label, ...]:
        if self.first != self.span:
            return (Label(self.first, "the first decision"),)
        if self.ways is None:
            return ()
        return Label(self.ways[0], "the first time from here"), Label(self.ways[1], "the second time from here")

    @property
    def help(self) -> str:
        if self.first == self.span:
            return "bind one of the applications to a name of its own, or apply one value twice to decide once"
        return "tell them apart by labels (`choose … as kind`) or bind one to a name of its own"

    @property
    def cause(self) -> Hashable:
        """What all that is decided on the way of the first decision meets again on those of others."""
        return self.first if self.ways is None else self.ways[0]

    def beside(self, others: Sequence[Diagnostic]) -> str:
        alike = [other for other in others if isinstance(other, EqualPaths)]
        again = {other._second for other in alike if other.path == self.path} - {self._second}
        paths = [path for path in dict.fromkeys(other.path for other in alike) if path != self.path]
        found = []
        if again:
            found.append(f"{len(again)} more decision{'s have' if len(again) > 1 else ' has'} this path")
        if paths:
            named = ", ".join(f"`{path}`" for path in paths[:PATHS])
            more = f", and {len(paths) - PATHS} more" if len(paths) > PATHS else ""
            found.append(f"for the same reason there are two of {named}{more}")
        return "; ".join(found)

    @property
    def _second(self) -> Span | None:
        return self.span if self.ways is None else self.ways[1]


@kind
class NamelessAlternative(Diagnostic):
    code: ClassVar[str] = "E0302"
    title: ClassVar[str] = "alternative without a name"
    explanation: ClassVar[str] = """\
An alternative is named after itself if it is a name, a call or a literal; anything computed needs a name.

    choose {c, 2 * c}                # E0302
    choose {c, double: 2 * c}
"""

    @property
    def message(self) -> str:
        return "this alternative is computed, so it needs a name"

    @property
    def help(self) -> str:
        return "write a name before it: `name: …`"


@kind
class EqualAlternatives(Diagnostic):
    name: str
    first: Span

    code: ClassVar[str] = "E0303"
    title: ClassVar[str] = "two alternatives with one name"
    explanation: ClassVar[str] = """\
The alternatives of a set need different names.

    {sep_conv(3x3), sep_conv(5x5)}               # E0303: both are `sep_conv`
    {sep3: sep_conv(3x3), sep5: sep_conv(5x5)}
"""

    @property
    def message(self) -> str:
        return f"two alternatives are named `{self.name}`"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, "the first one"),)

    @property
    def help(self) -> str:
        return "write a name before one of them: `other: …`"


@kind
class KeepTooMany(Diagnostic):
    """``place``: the path where it is, for one iteration of several has too few."""

    wanted: str
    elements: str
    witness: str = ""
    place: str = ""

    code: ClassVar[str] = "E0304"
    title: ClassVar[str] = "more to keep than there are"
    has_witness: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
A `keep` wants more elements than the list has.

    [a, b] -> keep 3 -> sum          # E0304
"""

    @property
    def message(self) -> str:
        when = f" when {self.witness}" if self.witness else ""
        where = f" in `{self.place}`" if "[" in self.place else ""
        return f"keep {self.wanted} of a list of {self.elements}{where}{when}"

    @property
    def help(self) -> str:
        return "keep at most as many as the list has (in a loop, `keep 1..min(2, i)`), or use `keep any` or `keep all`"


@kind
class DecisionInLet(Diagnostic):
    constant: Span

    code: ClassVar[str] = "E0305"
    title: ClassVar[str] = "decision in a constant"
    explanation: ClassVar[str] = """\
`let` holds constants; a decision belongs to an op, a cell or a meta. A set of alternatives is a constant:
choose from it where it is used.

    let K = choose {3, 5}            # E0305
    let SIZES = {3, 5}
    op f(c) = conv(c, choose SIZES as size)
"""

    @property
    def message(self) -> str:
        return f"`let {self.constant.text}` cannot hold a decision"

    @property
    def label(self) -> str:
        return "this leaves something open"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.constant, "the constant"),)

    @property
    def help(self) -> str:
        return "let the constant be the set, and write `choose` where it is used"


@kind
class UnequalTables(Diagnostic):
    cell: str
    path: str
    reason: str
    first: Span

    code: ClassVar[str] = "E0306"
    title: ClassVar[str] = "tied instances decide about different things"
    explanation: ClassVar[str] = """\
Instances of a tied cell decide alike, so they must have the same decisions with the same alternatives.

    tied cell c(n) on x { … for i in 1..n { … choose … } … }
    … -> c(2) -> c(3)                # E0306: use `tied(n) cell c(n)` to tie equal ones only
"""

    @property
    def message(self) -> str:
        return f"instances of tied `{self.cell}` differ at `{self.path}`: {self.reason}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, "decided here"),) if self.first != self.span else ()

    @property
    def help(self) -> str:
        return "tie by what differs, `tied(k) cell …`, or leave the cell untied"


@kind
class ZeroOfOpenShape(Diagnostic):
    decision: str

    code: ClassVar[str] = "E0307"
    title: ClassVar[str] = "zero whose shape is not known"
    explanation: ClassVar[str] = """\
`maybe e` is a zero of e's shape when it is off, and `sum` of none is a zero of the elements' shape; that
shape must not depend on a decision
which is only made when they are there.

    x -> maybe pointwise(choose {16, 32})        # E0307
    n = choose {16, 32} as width
    x -> maybe pointwise(n)                      # still E0307 unless n is asked for elsewhere: read it from a tensor
"""

    @property
    def message(self) -> str:
        return f"the shape of the zero depends on `{self.decision}`, which is decided inside"

    @property
    def help(self) -> str:
        return "make the shape the same in all cases, for example by a `pointwise(c)` inside"


@kind
class NothingToChoose(Diagnostic):
    reason: str
    advice: str = "give a set `{a, b}` or a range `1..4`"

    code: ClassVar[str] = "E0308"
    title: ClassVar[str] = "nothing to choose from"
    explanation: ClassVar[str] = """\
`choose` takes a set or a range with at least one alternative, `keep` a size, `repeat` a count.

    choose conv(16, 3x3)             # E0308: an operator is not a set
    choose {conv(16, 3x3), identity}
"""

    @property
    def message(self) -> str:
        return self.reason

    @property
    def help(self) -> str:
        return self.advice


@kind
class MixedAlternatives(Diagnostic):
    kinds: str

    code: ClassVar[str] = "E0309"
    title: ClassVar[str] = "alternatives of different kinds"
    explanation: ClassVar[str] = """\
The alternatives of one choice are all operators, all tensors, or all numbers and other plain values.

    choose {3, conv(16, 3x3)}        # E0309
"""

    @property
    def message(self) -> str:
        return f"the alternatives are of different kinds: {self.kinds}"

    @property
    def help(self) -> str:
        return "make all of them operators, all tensors, or all plain values"


@kind
class OpenList(Diagnostic):
    use: str

    code: ClassVar[str] = "E0310"
    title: ClassVar[str] = "list of open length"
    explanation: ClassVar[str] = """\
A list whose length depends on a decision can be summed, averaged, concatenated, mapped with `each` or spliced
into another list, but not fill a fixed number of inputs.

    xs -> keep 1..3 -> cell(16)      # E0310 unless the cell takes `on *xs`
"""

    @property
    def message(self) -> str:
        return f"the length of this list depends on a decision, so it cannot {self.use}"

    @property
    def help(self) -> str:
        return "join it first (`sum`, `mean`, `concat`), keep a fixed number, or take the list whole with `on *xs`"
