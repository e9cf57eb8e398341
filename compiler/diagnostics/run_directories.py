"""E07xx: run directories: what is none, is not over, is in use, or has not what is asked of it."""

from __future__ import annotations

from typing import ClassVar

from ..text.commands import command, going_on
from .model import Diagnostic, Label, kind
from .source import Span


@kind
class NotARunDirectory(Diagnostic):
    """A folder given as a run is none, or is damaged."""

    folder: str
    reason: str
    advice: str = "give the folder that `stdsl run` printed, such as `runs/quickstart-0001`"

    code: ClassVar[str] = "E0704"
    title: ClassVar[str] = "not a run directory"
    explanation: ClassVar[str] = """\
`stdsl show`, `stdsl derive`, `stdsl predict` and `--resume` take a folder that `stdsl run` wrote: it holds `run.json`,
`journal.jsonl` and `space/`. That of a front, which `stdsl derive --front` made, holds one for each of its networks;
`stdsl show` prints the front.

    stdsl run quickstart.space --resume runs                      the folder above the runs
    stdsl run quickstart.space --resume runs/quickstart-0001      right"""

    @property
    def message(self) -> str:
        return f"{self.folder} is not a run directory: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.advice


@kind
class NothingToGoOnWith(Diagnostic):
    """A folder that `stdsl derive --resume` names has nothing derived in it. ``run``: whether it is that of a run."""

    folder: str
    run: bool

    code: ClassVar[str] = "E0773"
    title: ClassVar[str] = "nothing was derived in this folder"
    explanation: ClassVar[str] = """\
`stdsl derive --resume` goes on in a folder that `stdsl derive` made, of one network or of a front, which holds
`asked.json`. Searches, and all other runs, go on with `stdsl run --resume`.

    stdsl derive --resume runs/paths-0001             the run of a search
    stdsl derive --resume runs/paths-front-0001       right"""

    @property
    def message(self) -> str:
        what = "a run with weights of its own" if self.run else "neither `run.json` nor `asked.json`"
        return f"nothing was derived in {self.folder}: it holds {what}"

    @property
    def help(self) -> str | None:
        if self.run:
            return f"`{command('stdsl', 'run', '--resume', self.folder)}` goes on with it"
        return "give the folder that `stdsl derive` made"


@kind
class OtherRun(Diagnostic):
    """The run that a network is derived from is gone, and another one is in its place."""

    folder: str
    run: str

    code: ClassVar[str] = "E0777"
    title: ClassVar[str] = "another run is in the place of the one that left the weights"
    explanation: ClassVar[str] = """\
What `stdsl derive` has begun goes on with the weights of the run that it was begun with. It finds that by its place,
and knows it by the `id` in its `run.json`; a copy is as good as the run itself. Networks from the weights of two runs
would be no front.

    stdsl derive runs/paths-0001 --front flops --budget 1M --budget 2M --out front
    rm -r runs/paths-0001; stdsl run a.space --out runs/paths-0001      before the front is over
    stdsl derive --resume front                                         E0777
    stdsl derive runs/paths-0001 --front flops --budget 1M --budget 2M --out another"""

    @property
    def message(self) -> str:
        return f"{self.folder} was begun with the weights of another run than the one that is now in {self.run}"

    @property
    def help(self) -> str | None:
        return "put that run back in its place, or derive anew from the one that is there"


@kind
class RunNotOver(Diagnostic):
    """A run has not come as far as what is asked of it."""

    folder: str
    missing: str
    allow_extern: bool = False
    """Whether the run was given leave to load Python."""
    setting: Span | None = None
    """What of its text asks for what is missing."""

    code: ClassVar[str] = "E0716"
    title: ClassVar[str] = "the run is not over"
    explanation: ClassVar[str] = """\
What is asked for is made by a later part of the run, which was stopped before, or is still under way. `stdsl show`
tells how far it has come.

    stdsl compile a.space --to onnx --weights runs/a-0001      before the derived network was trained
    stdsl run --resume runs/a-0001                             then again"""

    @property
    def message(self) -> str:
        return f"the run `{self.folder}` has no {self.missing} yet"

    @property
    def label(self) -> str:
        return "this run"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.setting is None else (Label(self.setting, "this is still to be done"),)

    @property
    def help(self) -> str | None:
        show = command("stdsl", "show", self.folder)
        return f"go on with `{going_on(self.folder, self.allow_extern)}`; `{show}` tells how far it is"


@kind
class NoFront(Diagnostic):
    """A front of budgets is asked of a run that has nothing to tell it by."""

    folder: str
    reason: str
    advice: str = "run a search of a space with open decisions"

    code: ClassVar[str] = "E0743"
    title: ClassVar[str] = "no front of budgets follows from the run"
    explanation: ClassVar[str] = """\
`stdsl show RUN --front flops` reads the best architecture for each of several budgets off the decision weights that a
differentiable search left, or off the trials of a search that trains architectures by themselves. A run without a
search, and one of a space without decisions, has neither.

    stdsl show runs/just-trained-0001 --front flops      E0743
    stdsl show runs/by-gradient-0001 --front flops       right"""

    @property
    def message(self) -> str:
        return f"no front of budgets follows from the run `{self.folder}`: {self.reason}"

    @property
    def help(self) -> str | None:
        return self.advice


@kind
class NoSharedWeights(Diagnostic):
    """Another network is asked of a run whose weights are not those of all architectures."""

    folder: str
    reason: str
    advice: str

    code: ClassVar[str] = "E0771"
    title: ClassVar[str] = "the run left no weights that all architectures share"
    explanation: ClassVar[str] = """\
`stdsl derive RUN` takes another architecture of the space that a run searched, with its part of the weights that the
search trained for all of them. A search of the family `sampling` leaves such weights. Other families train each
architecture by itself, or a mixture of all, whose parts are worth little alone, or (`gradient` with
`relax { choose = gumbel(hard = true, compute = sampled) }`) what their decision weights draw: the longer, the fewer. A
search that measured with the weights of another one, which it needed, has none of its own: those of the other are in
its `needs/`.

    stdsl derive runs/by-gradient-0001 --where "flops <= 3M"       E0771
    stdsl derive runs/paths-0001 --where "flops <= 3M"             right
    stdsl derive runs/bred-0001/needs/paths --where "flops <= 3M"  right, with `fitness { weights = shared }`"""

    @property
    def message(self) -> str:
        return f"no other network follows from the weights of the run `{self.folder}`: {self.reason}"

    @property
    def label(self) -> str:
        return "this is what it did"

    @property
    def help(self) -> str | None:
        return self.advice


@kind
class NoMarginals(Diagnostic):
    """Marginals are asked of a run that learnt no distribution over architectures."""

    folder: str
    reason: str
    advice: str

    code: ClassVar[str] = "E0744"
    title: ClassVar[str] = "no marginals follow from the run"
    explanation: ClassVar[str] = """\
`stdsl show RUN --marginals` tells how probable each unit is in the distribution over architectures that a search
learnt: the posterior of the family `variational`, or what one of the family `sampling` learns with
`draw = probability`. Other searches leave decision weights, which are no probabilities of architectures, or none at
all.

    stdsl show runs/by-gradient-0001 --marginals         E0744
    stdsl show runs/by-posterior-0001 --marginals        right"""

    @property
    def message(self) -> str:
        return f"no marginals follow from the run `{self.folder}`: {self.reason}"

    @property
    def label(self) -> str:
        return "its strategy"

    @property
    def help(self) -> str | None:
        return self.advice


@kind
class RunDirectoryInUse(Diagnostic):
    """Another process works in the run directory."""

    folder: str
    process: int

    code: ClassVar[str] = "E0705"
    title: ClassVar[str] = "the run is still going on"
    explanation: ClassVar[str] = """\
Two processes must not write into one run directory. The first one holds a lock, which the system releases when the
process ends, however it ends.

    stdsl run a.space --resume runs/a-0001      while the first `stdsl run` still works: wait, or stop it with Ctrl-C"""

    @property
    def message(self) -> str:
        return f"process {self.process} is working in {self.folder}"

    @property
    def help(self) -> str | None:
        return "wait until it is done, or stop it first"


@kind
class CannotWriteRun(Diagnostic):
    """The run directory cannot be written."""

    folder: str
    reason: str

    code: ClassVar[str] = "E0710"
    title: ClassVar[str] = "the run directory cannot be written"
    explanation: ClassVar[str] = """\
A run writes everything under `runs/NAME-…/`, or into the folder that `--out` names, which must be new or empty.

    stdsl run a.space --out results            when results/ already holds files
    stdsl run a.space --out results/second     a new folder"""

    @property
    def message(self) -> str:
        return f"{self.folder} cannot be written: {self.reason}"

    @property
    def help(self) -> str | None:
        return "give another folder with `--out`, or go on with an old run with `--resume`"
