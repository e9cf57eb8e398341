"""E044x: constraints over costs that leave nothing, or nothing that can be found."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind
from .source import Span


def _whose(trained: str, own: str = "its") -> str:
    return f"{own} constraints" + (f" and those of `{trained}`" if trained else "")


_GAVE_UP = {False: ": the search for it gave up", True: ": it could not be computed, and the search for it gave up"}
"""By whether it was to be computed exactly."""


def _where(trained: str) -> str:
    return "`where`" + (f" (and that of `{trained}`)" if trained else "")


@kind
class NothingWithin(Diagnostic):
    """No architecture satisfies `where`. ``trained``: the space that the result is trained in, whose `where` binds,
    too; "" where there is none. ``advice``: what to do, where more can be said than that of all. ``related``: the other
    constraints, where several exclude each other."""

    space: str
    reason: str
    related: tuple[Label, ...] = ()
    trained: str = ""
    advice: str = ""

    code: ClassVar[str] = "E0441"
    title: ClassVar[str] = "no architecture is within `where`"
    explanation: ClassVar[str] = """\
The constraints of the space leave no architecture: what the cheapest one costs is more than `where` allows, the
dearest one less than it asks for, or the constraints contradict each other.

    space s = net() where flops <= 1M      the cheapest network of `net` has 3.2M
    space s = net() where flops <= 5M      right

Of budgets that exclude each other it is told how near what is within the others comes to each of them, exactly or as a
bound, and with which budgets there is an architecture.

    space s = net() where flops <= 5M, params >= 90K     the dearest within `flops <= 5M` has 61,000 params

`stdsl info` prints the least and greatest costs of the space without the constraint."""

    @property
    def message(self) -> str:
        return f"no architecture of `{self.space}` is within {_whose(self.trained)}: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str | None:
        if self.related:
            return f"relax one of them: {self.advice or 'no architecture meets them together'}"
        if self.advice:
            return self.advice
        return "relax the constraint; without it `stdsl info` prints the least and greatest costs of the space"


@kind
class NotFoundWithin(Diagnostic):
    """The search for an architecture within `where` gave up. ``drawn``: how many were drawn before; ``steps``: how many
    answers to decisions the search tried; ``trained``: as in :class:`NothingWithin`."""

    space: str
    drawn: int
    steps: int
    trained: str = ""

    code: ClassVar[str] = "E0442"
    title: ClassVar[str] = "no architecture within `where` was found"
    explanation: ClassVar[str] = """\
Where architectures within the constraints over costs cannot be counted, they are drawn until one is within them; where
hardly any is, they are searched for, going only where bounds of the costs let something follow. Deriving tries the most
probable ones first, and searches then. Both give up after a stated number of steps. Constraints that next to no
architecture meets (a band of costs that falls between two sums, a depth that hardly any path has) make that happen.

    space s = net() where flops in 5000001..5000002  hardly any, if one at all
    space s = net() where flops <= 5M                right"""

    @property
    def message(self) -> str:
        drawn = f"among {self.drawn:,} drawn at random, nor " if self.drawn else ""
        return (
            f"no architecture of `{self.space}` within {_where(self.trained)} was found {drawn}in {self.steps:,} steps "
            "of a search; there may be one"
        )

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "widen the constraints over costs"


@kind
class PerhapsNotBest(Diagnostic):
    """The search for the best architecture within `where` gave up. ``trained``: as in :class:`NothingWithin`;
    ``method``: that of the search, "" where it has none."""

    space: str
    trained: str = ""
    method: str = ""

    code: ClassVar[str] = "W0442"
    title: ClassVar[str] = "perhaps not the best architecture within `where`"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
Deriving looks for the architecture within the constraints over costs that the search prefers most, the most probable
ones first, and gives up after a stated number of steps. What it then derives is within the constraints, and the best
one that it found; a better one may exist. Tight constraints over many decisions make that happen. With
`derive { method = exact }` the best one is computed. Where the costs have so many different sums that this would take
too long, it is searched for all the same, which may give up.

    space s = net() where flops <= 21M     near the cheapest network, with 140 decisions: W0442
    space s = net() where flops <= 40M     the best one is found"""

    @property
    def message(self) -> str:
        return (
            f"the derived architecture of `{self.space}` is within {_where(self.trained)}, but perhaps not the one "
            f"within it that the search prefers most{_GAVE_UP[self.method == 'exact']}"
        )

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        if self.method == "search":
            return "write `derive { method = exact }` to have it computed, or widen the constraints over costs"
        return "wider constraints over costs make the best one easier to find"


@kind
class NotExactlyBest(Diagnostic):
    """`derive { method = exact }` in a space whose costs do not add up. ``reason``: what is in the way; ``asked``: the
    setting, which searches may share."""

    space: str
    reason: str
    asked: Span | None = None

    code: ClassVar[str] = "E0446"
    title: ClassVar[str] = "the best architecture within `where` cannot be computed exactly"
    explanation: ClassVar[str] = """\
`derive { method = exact }` computes the architecture within `where` that a search prefers most, by a dynamic programme
over what its decisions add to the costs. The depth is a longest path: where several paths may be the longest, as in
cells of many edges, it is no such sum, and where very many decisions depend on each other in every combination no cost
is one that can be followed. (In spaces of up to 20 000 architectures all of them are looked at, and anything can be
bounded.)

    space s = cells() where depth <= 20     strategy = gradient { derive { method = exact } }       E0446
    space s = cells() where flops <= 20M    strategy = gradient { derive { method = exact } }       right
    space s = chain() where depth <= 20     strategy = gradient { derive { method = exact } }       right

`method = search` looks for the best one and says so where it gave up (W0442)."""

    @property
    def message(self) -> str:
        return f"the best architecture of `{self.space}` within `where` cannot be computed exactly: {self.reason}"

    @property
    def label(self) -> str:
        return "for this space"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.asked, "asked for here"),) if self.asked is not None else ()

    @property
    def help(self) -> str:
        return "write `method = search`, which says where it gave up, or bound flops, params or activations alone"


@kind
class UnevenComparisons(Diagnostic):
    """Architectures to compare with were searched for instead of drawn. ``trained``: as in :class:`NothingWithin`."""

    space: str
    searched: int
    drawn: int
    trained: str = ""

    code: ClassVar[str] = "W0443"
    title: ClassVar[str] = "random architectures that are not equally likely"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
`compare { random = n }` draws architectures with equal probabilities. Where hardly any of those drawn is within the
constraints over costs, they are searched for instead: every decision is answered evenly among what still lets something
follow within the constraints. They are random and within `where`, but some are more likely than others, so that their
mean is not that of the space.

    compare { random = 3  near = 0.01 }    hardly any cost so much
    compare { random = 3  near = 0.4 }     more of them"""

    @property
    def message(self) -> str:
        return (
            f"of {self.drawn:,} architectures of `{self.space}` drawn at random hardly any was within "
            f"{_whose(self.trained, 'the')}: {self.searched:,} to compare with were searched for, and are not "
            "equally likely"
        )

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "widen the constraints over costs, or set a greater `near`"


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
    """What needs to know where each architecture stands is asked of a space of which that is not known. ``low`` and
    ``high``: how many there are at least and at most."""

    space: str
    low: int
    high: int

    code: ClassVar[str] = "E0444"
    title: ClassVar[str] = "the places of the architectures are not known"
    explanation: ClassVar[str] = """\
The place of an architecture among all of them, and the probability of an alternative, follow from an exact count of
what can follow each answer. Where very many decisions depend on each other in every combination, where constraints over
costs cut through a large space with very many different costs or over a depth that is no sum, and where the constraints
leave nothing, there is none; nor is there where two budgets are counted by halves of the space, though their count is
exact.

    space.rank(arch)                      E0444 for a space whose count is an interval
    space.sample(seed = 0)                works all the same

Split what depends on each other, tie decisions, or widen constraints over costs, to have places and marginals."""

    @property
    def message(self) -> str:
        if not self.high:
            return f"`{self.space}` has no architecture within `where`: none has a place, and no alternative a share"
        if self.low < self.high:
            return f"`{self.space}` has {self.low}..{self.high} architectures: without an exact count none has a place"
        return (
            f"the {self.low} architectures of `{self.space}` are counted, but their costs have too many different sums "
            "to say which of them is where"
        )

    @property
    def help(self) -> str | None:
        if not self.high:
            return None
        if self.low == self.high:
            return "sampling works all the same; one budget in the place of several has far fewer sums"
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
    """No architecture within `where` was found, and none is excluded. ``steps``: how many answers to decisions the
    search tried; ``related``: the other constraints over costs."""

    space: str
    steps: int
    related: tuple[Label, ...] = ()

    code: ClassVar[str] = "W0441"
    title: ClassVar[str] = "perhaps no architecture is within `where`"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
The check looks for one architecture within `where`, going only where bounds of the costs let something follow. It found
none within a stated number of steps, nor among some hundred whose costs are nearly within `where`; the sums of costs
are too many to be counted in a second, and the bounds do not exclude that there is one: it is not decided. Sampling and
deriving may take long, or find none either.

    space s = net() where flops in 5000001..5000002  W0441: hardly any, if one at all
    space s = net() where flops in 5M..6M            right"""

    @property
    def message(self) -> str:
        found = f"no architecture of `{self.space}` within its constraints was found in {self.steps:,} steps"
        return f"{found}: whether there is one is not decided"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.related

    @property
    def help(self) -> str | None:
        return "widen the constraints; `stdsl count` tells whether there is one where it can, and takes longer"
