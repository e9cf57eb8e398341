"""E044x: constraints over costs that leave nothing, or nothing that can be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .model import Diagnostic


@dataclass(frozen=True)
class NothingWithin(Diagnostic):
    """No architecture satisfies `where`."""

    space: str
    reason: str

    code: ClassVar[str] = "E0441"
    title: ClassVar[str] = "no architecture is within `where`"
    explanation: ClassVar[str] = """\
The constraints of the space leave no architecture: what the cheapest one costs is more than `where` allows, the
dearest one less than it asks for, or the constraints contradict each other.

    space s = net() where flops <= 1M      the cheapest network of `net` has 3.2M
    space s = net() where flops <= 5M      right

`stdsl info` prints the least and greatest costs of a space."""

    @property
    def message(self) -> str:
        return f"no architecture of `{self.space}` is within its constraints: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str | None:
        return "relax the constraint; `stdsl info` prints the least and greatest costs of the space"


@dataclass(frozen=True)
class NotFoundWithin(Diagnostic):
    """The search for an architecture within `where` gave up."""

    space: str
    tried: int
    purpose: str

    code: ClassVar[str] = "E0442"
    title: ClassVar[str] = "no architecture within `where` was found"
    explanation: ClassVar[str] = """\
Deriving takes the most probable architecture within the constraints over costs, trying the most probable ones first;
sampling draws architectures until one is within them. Both give up after a stated number. Constraints that hardly any
architecture meets (a narrow band of costs, a depth far from what the search prefers) make that happen.

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
