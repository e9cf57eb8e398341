"""E07xx, W07xx: the trials of searches of separate trainings, and where they are kept."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind
from .source import Span


@kind
class StoreRefused(Diagnostic):
    """The database of trials that was named cannot be used."""

    store: str
    reason: str
    named: bool = True
    """False where what was given is no name of such a database at all."""

    code: ClassVar[str] = "E0749"
    title: ClassVar[str] = "the database of trials cannot be used"
    explanation: ClassVar[str] = """\
Trials are kept in the file `trials.sqlite` of the run directory, or in the PostgreSQL database that `--store` names.
The run stops where that does not answer, and begins nothing again. Passwords are not kept in the run directory: they
are taken from `--store`, from `PGPASSWORD`, or from `~/.pgpass`.

    stdsl run a.space --store postgresql://me@host/trials         needs `pip install 'stdsl[postgresql]'`
    stdsl run --resume runs/a-0001                                goes on in the same database"""

    @property
    def message(self) -> str:
        return f"{self.store} cannot be used for trials: {self.reason}"

    @property
    def help(self) -> str:
        if not self.named:
            return (
                "write `--store postgresql://USER@HOST/NAME`; without `--store` trials are kept in an SQLite file of "
                "the run directory"
            )
        return "see that the database is there and may be written, then go on with `stdsl run --resume`"


@kind
class TrialFailed(Diagnostic):
    """A trial has no result: one of a search counts as the worst, another one is left out."""

    trial: str
    attempts: int
    reason: str
    searched: bool = True

    code: ClassVar[str] = "W0750"
    title: ClassVar[str] = "a trial failed"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
A trial whose process crashes, hangs (`timeout`), is killed or runs out of memory is begun again, from its own last
checkpoint. When that has happened `attempts` times it is given up: it counts as worse than all that have a result. A
training that diverges does so every time, and is given up at once. A search in which a trial was given up for other
reasons than that may find something else when it is run again; one without such trials does not. A network that is
trained beside the found one, and fails so, is left out of the result; where it diverges, the run ends, for all of them
are trained by one recipe.

    random { attempts = 5  timeout = 600  … }     five attempts, ten minutes for each

`stdsl show RUN --trials` lists all trials, with their errors."""

    @property
    def message(self) -> str:
        times = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        then = "counts as the worst" if self.searched else "is left out of the result"
        return f"{self.trial} failed{times}, and {then}: {self.reason}"

    @property
    def help(self) -> str:
        return "`stdsl show RUN --trials` lists all trials"


@kind
class TrialBegunAgain(Diagnostic):
    """The process of a trial was lost, and it is tried again."""

    trial: str
    attempt: int
    attempts: int
    reason: str

    code: ClassVar[str] = "W0751"
    title: ClassVar[str] = "a trial is tried again"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
The process that trained a trial crashed, hung, was killed or raised an error. The trial is tried again, from its own
last checkpoint if there is one, and gives the same result as if nothing had happened. `signal SIGKILL` mostly means
that there was not enough memory for all trials at once: `--hands` says how many are trained beside each other.

    stdsl run a.space --hands 1      one at a time"""

    @property
    def message(self) -> str:
        return f"{self.trial} is tried again ({self.attempt} of {self.attempts}): {self.reason}"

    @property
    def help(self) -> str:
        return "it gives the same result; with fewer `--hands` less memory is needed at a time"


@kind
class NoTrialLeft(Diagnostic):
    """All trials of a search failed."""

    trials: int
    reason: str

    code: ClassVar[str] = "E0752"
    title: ClassVar[str] = "all trials of the search failed"
    explanation: ClassVar[str] = """\
A search of separate trainings takes the best of its trials. Where none has a result, there is nothing to take. The
reason is that of the last one; `stdsl show RUN --trials` lists the others.

    fitness { optimizer = sgd(lr = 2.0) }                                every training diverges
    fitness { optimizer = sgd(lr = cosine(0.1, ramp = 10))  clip = 5 }   a lower rate, reached in steps, and clipping"""

    @property
    def message(self) -> str:
        whole = "its only trial" if self.trials == 1 else f"all of its {self.trials:,} trials"
        return f"the search has no result, for {whole} failed: {self.reason}"

    @property
    def label(self) -> str:
        return "searched by this strategy"

    @property
    def help(self) -> str:
        return "mend what they failed by, and start a new run"


@kind
class OtherTrials(Diagnostic):
    """What a store holds is not what this run put there."""

    store: str
    trial: str
    fault: str

    code: ClassVar[str] = "E0753"
    title: ClassVar[str] = "the trials are not those of the run"
    explanation: ClassVar[str] = """\
A run that goes on takes its trials from where it keeps them: their architectures as well as their results. A row that
was changed by hand, or that another version wrote, is told of, and the run stops there; nothing is begun again by
itself.

    sqlite3 runs/a-0001/trials.sqlite 'SELECT name, architecture FROM trials'"""

    @property
    def message(self) -> str:
        return f"{self.store} holds a {self.trial} that is none of this run: {self.fault}"

    @property
    def help(self) -> str:
        return "put back a copy of it if there is one, else start a new run; nothing was deleted"


@kind
class NoTrials(Diagnostic):
    """Trials are asked of a run that has none."""

    folder: str
    reason: str

    code: ClassVar[str] = "E0754"
    title: ClassVar[str] = "the run has no trials"
    explanation: ClassVar[str] = """\
Trials are the separate trainings of a run, with all that is known of each: those of a search that trains
architectures by themselves (`random`, `evolution`, `bayes`), the members of an `ensemble`, what is compared with the
found network, and its further trainings by other seeds. A search that trains one large network, and compares with
nothing, has none.

    stdsl show runs/by-gradient-0001 --trials      E0754
    stdsl show runs/by-random-0001 --trials        right"""

    @property
    def message(self) -> str:
        return f"there are no trials in the run `{self.folder}`: {self.reason}"

    @property
    def help(self) -> str | None:
        return "use a strategy that trains architectures separately, or `compare { … }`"


@kind
class ClusterRefused(Diagnostic):
    """There is no cluster to train trials on."""

    address: str
    reason: str

    code: ClassVar[str] = "E0755"
    title: ClassVar[str] = "the cluster cannot be reached"
    explanation: ClassVar[str] = """\
`--engine ray` trains trials on the Ray cluster that the variable RAY_ADDRESS names, or without it on a cluster of
this machine alone, which ends with the run. A cluster that wants a token takes it from RAY_AUTH_MODE and
RAY_AUTH_TOKEN.

    RAY_ADDRESS=head:6379 stdsl run a.space --engine ray       a cluster that is there
    RAY_ADDRESS=auto stdsl run a.space --engine ray            the one that this machine belongs to"""

    @property
    def message(self) -> str:
        return f"the Ray cluster {self.address} cannot be reached: {self.reason}"

    @property
    def help(self) -> str:
        return "see that it is up (`ray status`), then go on with `stdsl run --resume`"


@kind
class SettingNotUsed(Diagnostic):
    """A setting of `retrain` stands where what a search finds is taken. ``open``: the setting that is searched,
    ``found``: `settings = found`."""

    key: str
    open: Span | None
    found: Span | None

    code: ClassVar[str] = "W0524"
    title: ClassVar[str] = "a setting in whose place what is found is taken"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
With `retrain { settings = found }` the found network is trained as the best trial was, in all that `fitness` leaves
open, an optimiser as a whole. What the section says of the same is without effect; its length is its own, and so is
what is not searched.

    strategy = bayes { fitness { batch = choose {16, 32} } }

    retrain { epochs = 70  batch = 64  settings = found }      W0524: batches of 16 or 32
    retrain { epochs = 70  settings = found }                  fine
    retrain { epochs = 70  batch = 64 }                        batches of 64, whatever the search finds"""

    @property
    def message(self) -> str:
        return f"`{self.key}` of the section `retrain` is without effect: what the search finds is taken"

    @property
    def label(self) -> str:
        return "without effect"

    @property
    def secondary(self) -> tuple[Label, ...]:
        places = ((self.open, "searched here"), (self.found, "asked for here"))
        return tuple(Label(span, text) for span, text in places if span is not None)

    @property
    def help(self) -> str:
        return (
            "leave one of the two out; a run of a given architecture (`--arch`), which searches nothing, would use it"
        )


@kind
class ModelNeverAsked(Diagnostic):
    """All trials of a search by a model are drawn at random. ``trials``: how many there are, that do not go on from
    others; ``startup``: how many results the model needs; ``all``: whether these are all candidates that there are."""

    trials: int
    startup: int
    all: bool

    code: ClassVar[str] = "W0780"
    title: ClassVar[str] = "a model that is never asked"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
The family `bayes` draws its trials at random until there are `startup` results, 10 where nothing says, and asks the
model from then on. A search of no more trials than that, or of a space with no more candidates, is one at random.

    strategy = bayes { trials = 8 }                  W0780
    strategy = bayes { trials = 8  startup = 4 }     the last four are proposed by the model
    strategy = bayes { trials = 8  random = 1.0 }    at random, and meant so"""

    @property
    def message(self) -> str:
        of = f"there are {self.trials:,} candidates" if self.all else f"there are {self.trials:,} trials"
        if self.trials == 1:
            of = "there is 1 candidate" if self.all else "there is 1 trial"
        return f"{of}, and the model needs {self.startup:,} results first: all are drawn at random"

    @property
    def label(self) -> str:
        return "set here"

    @property
    def help(self) -> str | None:
        ways = [] if self.all else ["more `trials`"]
        if self.trials > 1:
            ways.append("a smaller `startup`")
        return f"set {' or '.join(ways)}, or say `random = 1.0`" if ways else "say `random = 1.0`"
