"""What the compiler knows of a family of strategies, without torch: one half of it. The other half searches.

A family is a file here (or a folder), a file in ``runtime/strategies/`` and a line in ``registry.py``; one of somebody
else's package is announced by an entry point instead of the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from ..diagnostics.model import Diagnostic
from ..diagnostics.run import CannotRunYet
from ..ir.graph import SpaceGraph
from ..record import record
from ..schemas.base import Placed
from ..schemas.search import SearchConfig
from ..schemas.strategy import Strategy


@record
class Learner:
    """Something that draws batches: ``setting`` is their size, ``split`` the part of the training data that they come
    from, ``what`` the learner in words (`weights`)."""

    setting: str
    batch: int
    split: Literal["train", "valid"]
    what: str


class Family:
    """``settings``: the model of its settings, whose ``family`` is ``name``.

    ``runner``: where the half that searches stands (`package.module:Name`, a class that needs no arguments; see
    ``runtime/strategies/runner.py``), "" for a family whose settings can be written and checked but not run yet.
    ``distribution``: what the distribution over architectures is called that a search may learn, "" where none does;
    ``drawn``: what one and several that are drawn are called; ``candidates``: the setting that says how many of them
    are measured at the end, "" where none are. ``drops``: whether what it learns of a unit is the probability p that it
    is dropped.
    ``weights``: whether a search leaves weights that every architecture of the space can take over; ``shared``: whether
    they were trained for all of them, so that other ones are measured with them. ``mixes``: whether it
    computes all cases of a decision at once and weights them; ``unmixed``: the settings, if any, with which it computes
    one alternative of a choice. ``tunes``: whether it searches what its section `fitness` leaves open, too.
    """

    name: ClassVar[str]
    settings: ClassVar[type[Strategy]]
    runner: ClassVar[str] = ""
    distribution: ClassVar[str] = ""
    drawn: ClassVar[tuple[str, str]] = ("architecture", "architectures")
    candidates: ClassVar[str] = ""
    drops: ClassVar[bool] = False
    weights: ClassVar[bool] = False
    shared: ClassVar[bool] = False
    mixes: ClassVar[bool] = False
    unmixed: ClassVar[str] = ""
    tunes: ClassVar[bool] = False
    of_phases: ClassVar[frozenset[str]] = frozenset()
    """Dotted keys of settings that a phase of a search may have of its own."""

    def unlearnt(self, strategy: Strategy) -> tuple[str, str]:
        """Why a search learns no distribution over architectures, in words, and the setting that makes it so; both ""
        where it learns one."""
        if self.distribution:
            return "", ""
        return f"a search of the family `{self.name}` learns no distribution over architectures", ""

    def trained(self, strategy: Strategy) -> str:
        """What a search trains whose weights are not `shared`, in words."""
        return "trains a mixture of all architectures" if self.weights else "trains each architecture by itself"

    def inherits(self, strategy: Strategy) -> bool:
        """Whether the network of what a search found can have weights without a training of its own: those that the
        search left, or that it measured with."""
        return self.weights

    def searches(self, strategy: Strategy, graph: SpaceGraph) -> bool:
        """Whether there is anything to search: decisions of the space, and for a family that tunes, open settings."""
        return bool(graph.open)

    def check(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        """Why the family cannot search this space at all: errors of the text, for `stdsl check`."""
        return iter(())

    def check_within(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        """What the settings ask for that cannot be had within `where`: of the space that is searched, and of the one
        that its result is trained in. Errors of the text."""
        return iter(())

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        """Settings that this version cannot carry out, told before any work is done. Asked of families that run."""
        return iter(())

    def limits_in(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        """What this version cannot carry out in this space."""
        return iter(())

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        """What will run, and not as one might expect."""
        return iter(())

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        """Everything in a search that draws batches of the training data."""
        return iter(())

    def ranked(self, strategy: Strategy) -> int | None:
        """How many different architectures a search puts in order at most; None where that is not known before."""
        return None

    def measures(self, strategy: Strategy) -> str:
        """What a search measures on the `valid` half of the training data, in words (`trials`), "" where nothing."""
        return ""


def cannot_run_yet(settings: Placed, key: str, what: str, instead: str | None = None) -> CannotRunYet:
    """E0701 at the text that sets ``key``."""
    return CannotRunYet(settings.place(key), key, what, instead)
