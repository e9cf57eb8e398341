"""E061x: a space that is searched and one that the result is trained in, which have nothing in common."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind


@kind
class NothingInCommon(Diagnostic):
    """No architecture satisfies `where` of both spaces. ``places``: the constraints that exclude each other."""

    searched: str
    other: str
    reason: str
    places: tuple[Label, ...] = ()

    code: ClassVar[str] = "E0610"
    title: ClassVar[str] = "no architecture is within `where` of both spaces"
    explanation: ClassVar[str] = """\
What a search derives is trained in the space of `retrain`, so that it must be within `where` of both spaces, and so
must the random architectures that it is compared with. Costs are those in the space whose `where` bounds them: a wider
sibling costs more. Here each space has architectures, and no architecture is in both.

    space small(c = 4)  = net(c) where kind != "both"
    space large(c = 16) = net(c) where flops <= 2.5M       some without `both` cost as little in `large`: right
    space heavy(c = 16) = net(c) where flops >= 50M        E0610: without `both` none costs so much in `heavy`

    search s { space = small  retrain { space = heavy } }"""

    @property
    def message(self) -> str:
        return f"no architecture is within `where` of both `{self.searched}` and `{self.other}`: {self.reason}"

    @property
    def label(self) -> str:
        return "is to be trained here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.places

    @property
    def help(self) -> str | None:
        return "relax one of the constraints: what is found in one space must be within `where` of the other, too"


@kind
class UnknownInCommon(Diagnostic):
    """No architecture within `where` of both spaces was found, and none is excluded. ``steps``: how many answers to
    decisions the search tried."""

    searched: str
    other: str
    steps: int

    code: ClassVar[str] = "W0610"
    title: ClassVar[str] = "perhaps no architecture is within `where` of both spaces"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
What a search derives must be within `where` of the space that is searched and of the one that it is trained in. The
check looks for one architecture that is, going only where bounds of the costs let something follow. It found none
within a stated number of steps, but the bounds do not exclude that there is one: it is not decided. A run will take
long to find one, or stop before it starts (E0442).

    space small = tower(1x1) where flops in 1567900..1568100
    space large = tower(3x3) where params in 221041..221043     two narrow bands: W0610
    space roomy = tower(3x3) where params <= 221043             right"""

    @property
    def message(self) -> str:
        both = f"no architecture within `where` of both `{self.searched}` and `{self.other}`"
        return f"{both} was found in {self.steps:,} steps: whether there is one is not decided"

    @property
    def label(self) -> str:
        return "is to be trained here"

    @property
    def help(self) -> str | None:
        return "widen the constraints of one of them"
