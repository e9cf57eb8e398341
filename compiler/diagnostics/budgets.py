"""E044x: constraints over costs that leave nothing, or nothing that can be found."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind


@kind
class NothingWithin(Diagnostic):
    """No architecture satisfies `where`."""

    space: str
    reason: str
    related: tuple[Label, ...] = ()

    code: ClassVar[str] = "E0441"
    title: ClassVar[str] = "no architecture is within `where`"
    explanation: ClassVar[str] = """\
The constraints of the space leave no architecture: what the cheapest one costs is more than `where` allows, the
dearest one less than it asks for, or the constraints contradict each other.

    space s = net() where flops <= 1M      the cheapest network of `net` has 3.2M
    space s = net() where flops <= 5M      right

`stdsl info` prints the least and greatest costs of the space without the constraint."""

    @property
    def message(self) -> str:
        return f"no architecture of `{self.space}` is within its constraints: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str | None:
        if self.related:
            return "relax one of them: no architecture meets them together"
        return "relax the constraint; without it `stdsl info` prints the least and greatest costs of the space"


@kind
class NotFoundWithin(Diagnostic):
    """The search for an architecture within `where` gave up."""

    space: str
    tried: int
    purpose: str

    code: ClassVar[str] = "E0442"
    title: ClassVar[str] = "no architecture within `where` was found"
    explanation: ClassVar[str] = """\
Deriving takes the most probable architecture within the constraints over costs, trying the most probable ones first;
sampling from a space that is too large to count within them draws architectures until one is within them. Both give up
after a stated number. Constraints that hardly any architecture meets (a narrow band of costs, a depth far from what the
search prefers) make that happen.

    space s = net() where flops in 5000K..5001K      hardly any
    space s = net() where flops <= 5M                right"""

    @property
    def message(self) -> str:
        return (
            f"none of the {self.tried} architectures of `{self.space}` that were tried {self.purpose} is within `where`"
        )

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "widen the constraints over costs"


@kind
class TooManyToCompare(Diagnostic):
    """The distinct networks of a space are counted by comparing them all."""

    space: str
    count: str
    limit: int

    code: ClassVar[str] = "E0443"
    title: ClassVar[str] = "too many architectures to compare"
    explanation: ClassVar[str] = """\
The number of distinct networks is found by comparing the networks of all architectures, which is done up to a million
of them. `stdsl count` without `--distinct` counts architectures of any number.

    stdsl count darts::darts_cifar --distinct            E0443: it has over 10^18
    stdsl count nasbench201::cells --distinct            right: 15625 are compared

Count the networks of a part, such as one cell, or of the space with fewer decisions."""

    @property
    def message(self) -> str:
        return f"`{self.space}` has {self.count} architectures, too many to compare (at most {self.limit})"

    @property
    def help(self) -> str | None:
        return "count a smaller space, for example of one cell alone; without `--distinct` any number is counted"


@kind
class NotCountedExactly(Diagnostic):
    """What needs an exact count is asked of a space that has none."""

    space: str
    count: str

    code: ClassVar[str] = "E0444"
    title: ClassVar[str] = "the space is not counted exactly"
    explanation: ClassVar[str] = """\
The place of an architecture among all of them, and the probability of an alternative, follow from the exact count.
Where very many decisions depend on each other in every combination, where constraints over costs cut through a large
space with very many different costs or over its depth, and where the constraints leave nothing, there is none.

    space.rank(arch)                      E0444 for a space whose count is an interval
    space.sample(seed = 0)                works all the same

Split what depends on each other, tie decisions, or widen constraints over costs, to get an exact count."""

    @property
    def message(self) -> str:
        return f"`{self.space}` has {self.count} architectures: that is not known exactly, or nothing"

    @property
    def help(self) -> str:
        return "sampling works without an exact count; `tied` cells and fewer shared consumers make a space countable"


@kind
class NoWitness(Diagnostic):
    """No architecture can be given that shows an error."""

    space: str
    wanted: str
    shown: tuple[str, ...]

    code: ClassVar[str] = "E0445"
    title: ClassVar[str] = "no architecture shows this error"
    explanation: ClassVar[str] = """\
`stdsl sample --witness` writes a smallest architecture that shows an error of the check. Errors of the text itself (an
unknown name, a missing argument) are in no architecture, or in all of them; and what the check does not report, no
architecture shows.

    stdsl sample my.space::s --witness E0204      a sum of unequal shapes, in some architectures
    stdsl sample my.space::s --witness E0201      E0445: an unknown name is unknown whatever is chosen"""

    @property
    def message(self) -> str:
        return f"no architecture of `{self.space}` can be given that shows {self.wanted}"

    @property
    def help(self) -> str | None:
        if self.shown:
            return f"there is one for {', '.join(self.shown)}"
        return "`stdsl check` prints the errors; those of the text itself belong to no architecture"


@kind
class UnknownWithin(Diagnostic):
    """No architecture within `where` was found, and none is excluded."""

    space: str
    tried: int

    code: ClassVar[str] = "W0441"
    title: ClassVar[str] = "perhaps no architecture is within `where`"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
The check looks for one architecture within `where`: among the cheapest, the dearest, in order of how near they come,
and at random. It found none, but the bounds of the costs do not exclude that there is one. Sampling and deriving will
take long, or find none either.

    space s = net() where flops in 5000K..5001K      W0441: hardly any, if one at all
    space s = net() where flops in 5M..6M            right"""

    @property
    def message(self) -> str:
        return f"no architecture of `{self.space}` within its constraints was found among the {self.tried} tried"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "widen the constraints; sampling from so few takes long"
