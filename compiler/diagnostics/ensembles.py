"""Ensembles of more networks than a search has."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Severity, kind


@kind
class TooManyMembers(Diagnostic):
    """An ensemble of more networks than there can be. ``most``: so many there are at most; ``of``: what has no more."""

    members: int
    most: int
    of: str

    code: ClassVar[str] = "E0756"
    title: ClassVar[str] = "an ensemble of more networks than there are"
    explanation: ClassVar[str] = """\
`ensemble = 3` trains the three best architectures of a search, all different. A space may have fewer, and a strategy
may tell of fewer: a gradient search comes to one architecture, a search of separate trainings to at most one for each
trial.

    strategy = darts                      ensemble = 3      E0756
    strategy = random { trials = 16 }     ensemble = 3      right
    retrain { seeds = 3 }                                   several trainings of the one that was found"""

    @property
    def message(self) -> str:
        architectures = "1 architecture" if self.most == 1 else f"{self.most:,} architectures"
        return f"an ensemble of {self.members:,} is asked for, and {self.of} has at most {architectures}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        if self.most < 2:
            return "leave `ensemble` out, or use a strategy that compares several architectures"
        return f"use `ensemble = {self.most}` or fewer"


@kind
class FewMembers(Diagnostic):
    """A search found fewer different architectures than its ensemble asks for."""

    members: int
    found: int

    code: ClassVar[str] = "W0757"
    title: ClassVar[str] = "few architectures for an ensemble"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
The members of an ensemble are different architectures. A search may come back to the same ones, and trials may fail for
good; the ensemble is then of those that there are, and `ensemble` of the result lists them.

    strategy = evolution { population = 4  tournament = 2  rounds = 2 }     ensemble = 3      perhaps too few
    strategy = evolution { population = 8  tournament = 2  rounds = 20 }    ensemble = 3      more of them"""

    @property
    def message(self) -> str:
        so = "there is no ensemble" if self.found < 2 else f"the ensemble is of {self.found:,}"
        came = "1 architecture" if self.found == 1 else f"{self.found:,} different architectures"
        return f"the search came to {came} and not to {self.members:,}: {so}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "give the search more trials"


@kind
class CannotFuse(Diagnostic):
    """A search is fused with another whose networks tell something else, are measured on something else, or are not
    trained. ``fault``: what is wrong, a sentence without its end."""

    search: str
    fault: str
    advice: str

    code: ClassVar[str] = "E0758"
    title: ClassVar[str] = "networks that cannot be fused"
    explanation: ClassVar[str] = """\
`fuse = [rgb]` runs the search `rgb` of the same file first, and measures what its network and that of this search tell
together. So both are trained, tell the same classes, and are measured on the same samples: their test splits have as
many, and the i-th of one is what the i-th of the other is, seen otherwise. That the samples are the same is told by
their classes; videos are not compared.

    data = motion_digits(modalities = ["frames"])        in `rgb`
    data = motion_digits(modalities = ["flow"])          in a search with `fuse = [rgb]`: the same clips
    data = motion_digits(modalities = ["flow"], motions = 4)     other classes: E0758
    seed = 1                                             other clips than with `seed = 0`: E0758"""

    @property
    def message(self) -> str:
        return f"this search cannot be fused with `{self.search}`: {self.fault}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return self.advice


@kind
class MemberNotTrained(Diagnostic):
    """A member of an ensemble could not be trained."""

    member: str
    reason: str

    code: ClassVar[str] = "E0770"
    title: ClassVar[str] = "a member of the ensemble was not trained"
    explanation: ClassVar[str] = """\
The processes that trained a member of an ensemble were lost again and again. All else that the run has trained is kept;
once there is memory, or time, `stdsl run --resume` tries the member again and goes on.

    stdsl run --resume runs/a-0001 --hands 1      one training at a time"""

    @property
    def message(self) -> str:
        return f"{self.member} of the ensemble could not be trained: {self.reason}"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def help(self) -> str:
        return "go on with `stdsl run --resume`; with fewer `--hands` less memory is needed at a time"
