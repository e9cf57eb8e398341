"""Strategies and searches as a whole: what they are built on, expressions and data, E05xx."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, kind
from .names import nearest
from .settings import listed
from .source import Span


@kind
class UnknownStrategy(Diagnostic):
    name: str
    strategies: tuple[str, ...]
    families: tuple[str, ...]
    provider: str | None = None
    """The library file that declares the name, if one does."""

    code: ClassVar[str] = "E0503"
    title: ClassVar[str] = "unknown strategy"
    explanation: ClassVar[str] = """\
A strategy is built on a family (`gradient`, `sampling`, `variational`, `evolution`, `random`, `bayes`), or on another
strategy of the file or of one that it imports from.

    search first { strategy = sdas … }            # E0503 without the import

    use std.strategies (sdas)
    search first { strategy = sdas … }            # fine
"""

    @property
    def message(self) -> str:
        return f"there is no strategy `{self.name}` here"

    @property
    def notes(self) -> tuple[str, ...]:
        known = (f"strategies in sight: {listed(self.strategies)}",) if self.strategies else ()
        return (*known, f"families: {listed(self.families)}")

    @property
    def help(self) -> str:
        if self.provider:
            return f"import it: `use {self.provider} ({self.name})`"
        near = nearest(self.name, (*self.strategies, *self.families))
        return f"did you mean `{near}`?" if near else "import it: `use std.strategies (…)`"


@kind
class WrongFormula(Diagnostic):
    """An expression over run-time variables that cannot serve."""

    key: str
    variables: tuple[str, ...]
    fault: str

    code: ClassVar[str] = "E0508"
    title: ClassVar[str] = "expression over run-time variables is wrong"
    explanation: ClassVar[str] = """\
A setting of type `over(v, …)` is evaluated at each step, with exactly its variables, and must give a number every time.
It is tried before anything runs, at the first and the last step; a run ends at a step between where it has no value.

    discretize { count = M * (i / T) }             # E0508: `i` is not one of M, t, T
    discretize { count = M * (t / T) }             # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` cannot be this expression over {', '.join(self.variables)}: {self.fault}"

    @property
    def help(self) -> str:
        if self.fault.startswith("it is ") or self.fault.startswith("it has no value"):
            return "write one that has such a value at every step, as with `max(…, …)` or `min(…, …)` around it"
        return f"it may use {', '.join(self.variables)}, numbers, and names of this file that stand for numbers"


@kind
class DecisionInSettings(Diagnostic):
    """``families``: those that search settings. ``found``: whether what these find can be taken over at the place."""

    key: str
    families: tuple[str, ...]
    found: bool = False

    code: ClassVar[str] = "E0509"
    title: ClassVar[str] = "decision in settings"
    explanation: ClassVar[str] = """\
A `choose` in settings is a hyper-parameter, which is searched by separate trainings, those of the section `fitness`:
the family `bayes` does that. The final training takes over what was found where it says so.

    strategy tuned = gradient { batch = choose {32, 64} }                     # E0509
    strategy tuned = bayes { fitness { batch = choose {32, 64} } }            # fine
    retrain { batch = choose {32, 64} }                                       # E0509
    retrain { settings = found }                                              # fine with the strategy `tuned`
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` cannot be left open here"

    @property
    def label(self) -> str:
        return "a hyper-parameter"

    @property
    def help(self) -> str:
        searched = f"`fitness` of {listed(self.families, ' or ')}"
        if self.found:
            return (
                f"give it a value, or leave it open in {searched}, which searches it, and write `settings = found` here"
            )
        return f"give it a value; what stands in {searched} can be searched"


@kind
class StrategyCycle(Diagnostic):
    chain: tuple[str, ...]

    code: ClassVar[str] = "E0512"
    title: ClassVar[str] = "definition in a circle"
    explanation: ClassVar[str] = """\
Strategies, or the `needs` of searches, depend on each other in a circle.

    strategy a = b { epochs = 1 }
    strategy b = a { epochs = 2 }                  # E0512

Build one of them on a family.
"""

    @property
    def message(self) -> str:
        return f"defined in a circle: {' → '.join(self.chain)}"

    @property
    def help(self) -> str:
        return "let one of them stand without the others"


@kind
class UnknownSearch(Diagnostic):
    name: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0515"
    title: ClassVar[str] = "unknown search"
    explanation: ClassVar[str] = """\
`needs` lists searches of the same file, by name and without quotes.

    search fuse { needs = [pretrained] … }         # E0515 when there is no `search pretrained`
"""

    @property
    def message(self) -> str:
        return f"there is no search `{self.name}` in this file"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"searches: {listed(self.known)}",)

    @property
    def help(self) -> str | None:
        near = nearest(self.name, self.known)
        return f"did you mean `{near}`?" if near else None


@kind
class DataMismatch(Diagnostic):
    """``data`` and ``network`` show the inputs and the classes of both sides. ``word`` says what stands at the place,
    ``other`` what at ``space``."""

    data: str
    network: str
    space: Span | None = None
    advice: str = ""
    word: str = "this data"
    other: str = "this space"
    related: tuple[Label, ...] = ()
    """What of the space would have to change."""

    code: ClassVar[str] = "E0516"
    title: ClassVar[str] = "data does not fit the space"
    explanation: ClassVar[str] = """\
The inputs of the space and its number of classes must be exactly those of the data. Sizes, frames, channels and classes
are therefore parameters of a meta.

    search s { space = tower(classes = 10)  data = motion_digits … }      # E0516: 13 classes
    search s { space = tower(classes = 13)  data = motion_digits … }      # fine

The output must be a number for each class, for each sample. (Axes of size 1 beside the classes do no harm.) With `aux`,
so must all further outputs.

    return y -> pointwise(13)                           # E0516: 13 numbers at each point
    return y -> global_avg_pool -> pointwise(13)        # fine
"""

    @property
    def message(self) -> str:
        return f"the data gives {self.data}; the space takes {self.network}"

    @property
    def label(self) -> str:
        return self.word

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (*((Label(self.space, self.other),) if self.space else ()), *self.related)

    @property
    def help(self) -> str:
        return self.advice


@kind
class StrategyNeeded(Diagnostic):
    """``decisions`` is how many the space leaves open."""

    search: str
    decisions: int

    code: ClassVar[str] = "E0520"
    title: ClassVar[str] = "search without a strategy"
    explanation: ClassVar[str] = """\
A search over a space with open decisions needs a strategy that says how to look. Without one, only a space that leaves
nothing open can be trained.

    search s { space = cells  data = motion_digits … }                    # E0520
    search s { space = cells  strategy = darts  data = motion_digits … }  # fine
"""

    @property
    def message(self) -> str:
        word = "decision" if self.decisions == 1 else "decisions"
        return f"search `{self.search}` has no strategy, but its space leaves {self.decisions} {word} open"

    @property
    def label(self) -> str:
        return "this space"

    @property
    def help(self) -> str:
        return "add `strategy = …`, `darts` of `std.strategies` for instance"


@kind
class WrongHyperParameter(Diagnostic):
    key: str
    fault: str

    code: ClassVar[str] = "E0518"
    title: ClassVar[str] = "hyper-parameter that cannot be searched"
    explanation: ClassVar[str] = """\
A hyper-parameter is `choose real(low..high)`, `choose log(low..high)` (both above 0), `choose low..high` for whole
numbers, or `choose {a, b}`.

    lr = choose log(0..1e-2)                       # E0518: the logarithm of 0
    lr = choose log(1e-5..1e-2)                    # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` cannot be chosen so: {self.fault}"

    @property
    def help(self) -> str:
        return "write `choose real(0.0..0.5)`, `choose log(1e-5..1e-2)`, `choose 1..4` or `choose {4, 8}`"


@kind
class UnknownParameterType(Diagnostic):
    name: str

    code: ClassVar[str] = "E0519"
    title: ClassVar[str] = "unknown type of a parameter"
    explanation: ClassVar[str] = """\
The parameters of a strategy have no type, or one of `int`, `float`, `bool`, `str` and `over(v, …)`.

    strategy s(schedule: over(M, t, T) = M) = gradient { discretize { count = schedule } }
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` is not a type of a strategy's parameter"

    @property
    def help(self) -> str:
        return "write `int`, `float`, `bool`, `str` or `over(v, …)` with variables among M, t, T and i"
