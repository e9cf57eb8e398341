"""Kinds of diagnostics of strategies, searches and their settings: E05xx."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .model import Diagnostic, Fix, Label
from .names import nearest, respelt
from .source import Span


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{w}`" for w in words) or "none"


@dataclass(frozen=True)
class UnknownSetting(Diagnostic):
    """A key that the section or the call does not have. ``owner``: what it is looked for in, in words."""

    key: str
    owner: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0501"
    title: ClassVar[str] = "unknown setting"
    explanation: ClassVar[str] = """\
The family of a strategy, a section or a call has no setting of this name.

    strategy fast = gradient { epoch = 10 }       # E0501: did you mean `epochs`?
    strategy fast = gradient { epochs = 10 }      # fine

The message lists the settings that there are.
"""

    @property
    def message(self) -> str:
        return f"{self.owner} has no setting `{self.key}`"

    @property
    def label(self) -> str:
        return "unknown setting"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"known here: {_listed(self.known)}",)

    @property
    def help(self) -> str | None:
        near = nearest(self.key, self.known)
        return f"did you mean `{near}`?" if near else None

    @property
    def fix(self) -> Fix | None:
        return respelt(self.span, self.key, self.known)


@dataclass(frozen=True)
class DuplicateSetting(Diagnostic):
    key: str
    first: Span

    code: ClassVar[str] = "E0502"
    title: ClassVar[str] = "setting written twice"
    explanation: ClassVar[str] = """\
A setting stands once in its section (only `phase` may be repeated).

    retrain { epochs = 100  batch = 96  epochs = 600 }      # E0502
    retrain { epochs = 600  batch = 96 }                    # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` is set twice"

    @property
    def label(self) -> str:
        return "set again here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, "first set here"),)

    @property
    def help(self) -> str:
        return "leave one of the two out"


@dataclass(frozen=True)
class UnknownStrategy(Diagnostic):
    name: str
    strategies: tuple[str, ...]
    families: tuple[str, ...]

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
        known = (f"strategies in sight: {_listed(self.strategies)}",) if self.strategies else ()
        return (*known, f"families: {_listed(self.families)}")

    @property
    def help(self) -> str:
        near = nearest(self.name, (*self.strategies, *self.families))
        return f"did you mean `{near}`?" if near else "import it: `use std.strategies (…)`"


@dataclass(frozen=True)
class WrongSetting(Diagnostic):
    """A value of a kind that the setting does not take. ``expected`` and ``found`` in words."""

    key: str
    expected: str
    found: str
    advice: str | None = None

    code: ClassVar[str] = "E0504"
    title: ClassVar[str] = "wrong kind of value"
    explanation: ClassVar[str] = """\
The setting takes another kind of value.

    retrain { epochs = "many" }                    # E0504: a whole number from 1
    retrain { epochs = 600 }                       # fine

Texts stand in quotes, words such as `accuracy` do not; `/` gives a number with a fraction, `//` a whole one.
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` takes {self.expected}; this is {self.found}"

    @property
    def help(self) -> str | None:
        return self.advice


@dataclass(frozen=True)
class SettingOutOfRange(Diagnostic):
    key: str
    expected: str
    found: str

    code: ClassVar[str] = "E0505"
    title: ClassVar[str] = "value out of range"
    explanation: ClassVar[str] = """\
The value is of the right kind, and beyond what the setting allows.

    retrain { drop_path = 1.2 }                    # E0505: a number from 0 and below 1
    retrain { drop_path = 0.2 }                    # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` must be {self.expected}, and is {self.found}"

    @property
    def help(self) -> str:
        return f"write {self.expected}"


@dataclass(frozen=True)
class UnknownWord(Diagnostic):
    """A bare word that is neither a value of the setting nor a name in sight."""

    word: str
    key: str
    expected: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0506"
    title: ClassVar[str] = "unknown word in a setting"
    explanation: ClassVar[str] = """\
A bare word in a setting is one of the words that the setting knows, a parameter of the strategy, or a `let` of the
file.

    derive { score = gamma }                       # E0506: `alpha`, `beta` or `product`
    derive { score = beta }                        # fine

A text stands in quotes: `export { onnx = "best.onnx" }`.
"""

    @property
    def message(self) -> str:
        return f"`{self.word}` is not defined, and no value of `{self.key}`"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"`{self.key}` takes {self.expected}",)

    @property
    def help(self) -> str | None:
        near = nearest(self.word, self.known)
        if near:
            return f"did you mean `{near}`?"
        return f'a text stands in quotes: "{self.word}"' if "text in quotes" in self.expected else None


@dataclass(frozen=True)
class MissingSetting(Diagnostic):
    key: str
    owner: str
    expected: str

    code: ClassVar[str] = "E0507"
    title: ClassVar[str] = "setting missing"
    explanation: ClassVar[str] = """\
A setting has no default and is not given.

    search first { space = small  strategy = sdas }                       # E0507: no `data`
    search first { space = small  strategy = sdas  data = motion_digits } # fine
"""

    @property
    def message(self) -> str:
        return f"{self.owner} needs `{self.key}`"

    @property
    def help(self) -> str:
        return f"give `{self.key}`: {self.expected}"


@dataclass(frozen=True)
class WrongFormula(Diagnostic):
    """An expression over run-time variables that cannot serve."""

    key: str
    variables: tuple[str, ...]
    fault: str

    code: ClassVar[str] = "E0508"
    title: ClassVar[str] = "expression over run-time variables is wrong"
    explanation: ClassVar[str] = """\
A setting of type `over(v, …)` is evaluated at each step, with exactly its variables, and must give a number every time.
It is tried before anything runs, at the first and the last step.

    discretize { count = M * (i / T) }             # E0508: `i` is not one of M, t, T
    discretize { count = M * (t / T) }             # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` cannot be this expression over {', '.join(self.variables)}: {self.fault}"

    @property
    def help(self) -> str:
        return f"it may use {', '.join(self.variables)}, numbers, and names of this file that stand for numbers"


@dataclass(frozen=True)
class DecisionInSettings(Diagnostic):
    key: str
    families: tuple[str, ...]

    code: ClassVar[str] = "E0509"
    title: ClassVar[str] = "decision in settings"
    explanation: ClassVar[str] = """\
A `choose` in a strategy's settings is a hyper-parameter that is searched by separate trainings, so only the families
that train architectures separately take it: `evolution`, `random` and `bayes`.

    strategy tuned = gradient { batch = choose {32, 64} }                     # E0509
    strategy tuned = bayes { fitness { batch = choose {32, 64} } }            # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` cannot be left open here"

    @property
    def label(self) -> str:
        return "a hyper-parameter"

    @property
    def help(self) -> str:
        return f"give it a value, or search it by a strategy of the families {_listed(self.families)}"


@dataclass(frozen=True)
class SettingsConflict(Diagnostic):
    what: str
    advice: str
    other: Span | None = None

    code: ClassVar[str] = "E0510"
    title: ClassVar[str] = "settings that do not go together"
    explanation: ClassVar[str] = """\
Each of the settings is fine by itself; together they make no sense.

    search s { …  compare { random = 3 } }                          # E0510: `compare` trains by the recipe of `retrain`
    search s { …  retrain { epochs = 10 }  compare { random = 3 } } # fine
"""

    @property
    def message(self) -> str:
        return self.what

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.other, "the other one"),) if self.other else ()

    @property
    def help(self) -> str:
        return self.advice


@dataclass(frozen=True)
class WrongArgument(Diagnostic):
    """An argument that a strategy, a function or a value in settings does not take, or one too few."""

    callee: str
    fault: str
    parameters: tuple[str, ...]

    code: ClassVar[str] = "E0511"
    title: ClassVar[str] = "wrong arguments"
    explanation: ClassVar[str] = """\
The arguments do not fit the parameters.

    lr = cosine(0.1, 0, 10, 3)                     # E0511: too many
    lr = cosine(0.1, 0, ramp = 10)                 # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.callee}` {self.fault}"

    @property
    def help(self) -> str | None:
        return f"its parameters are {_listed(self.parameters)}" if self.parameters else None


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class WrongForm(Diagnostic):
    """A section written as a value, or the reverse."""

    key: str
    section: bool

    code: ClassVar[str] = "E0513"
    title: ClassVar[str] = "section and value mixed up"
    explanation: ClassVar[str] = """\
Some settings are sections in braces, the others values behind `=`.

    retrain = 100                                  # E0513
    retrain { epochs = 100 }                       # fine
"""

    @property
    def message(self) -> str:
        return f"`{self.key}` is {'a section' if self.section else 'a single value'}"

    @property
    def help(self) -> str:
        return f"write `{self.key} {{ … }}`" if self.section else f"write `{self.key} = …`"


@dataclass(frozen=True)
class NotComputable(Diagnostic):
    fault: str
    advice: str | None = None

    code: ClassVar[str] = "E0514"
    title: ClassVar[str] = "expression that settings cannot hold"
    explanation: ClassVar[str] = """\
Settings hold numbers, words, texts, lists and calls; their expressions are arithmetic over numbers, and must have a
value.

    epochs = 100 / 0                               # E0514
    lr = x -> conv(3)                              # E0514: an operator is no setting
"""

    @property
    def message(self) -> str:
        return self.fault

    @property
    def help(self) -> str | None:
        return self.advice


@dataclass(frozen=True)
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
        return (f"searches: {_listed(self.known)}",)

    @property
    def help(self) -> str | None:
        near = nearest(self.name, self.known)
        return f"did you mean `{near}`?" if near else None


@dataclass(frozen=True)
class DataMismatch(Diagnostic):
    """``data`` and ``network`` show the inputs and the classes of both sides."""

    data: str
    network: str
    space: Span | None = None

    code: ClassVar[str] = "E0516"
    title: ClassVar[str] = "data does not fit the space"
    explanation: ClassVar[str] = """\
The inputs of the space and its number of classes must be exactly those of the data. Sizes, frames, channels and classes
are therefore parameters of a meta.

    search s { space = tower(classes = 10)  data = motion_digits … }      # E0516: 13 classes
    search s { space = tower(classes = 13)  data = motion_digits … }      # fine
"""

    @property
    def message(self) -> str:
        return f"the data gives {self.data}; the space takes {self.network}"

    @property
    def label(self) -> str:
        return "this data"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.space, "this space"),) if self.space else ()

    @property
    def help(self) -> str:
        return "change the parameters of the one or the other until they agree"


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class WrongOverride(Diagnostic):
    """A `--set` that is not `key=value`."""

    text: str
    fault: str

    code: ClassVar[str] = "E0517"
    title: ClassVar[str] = "unreadable override"
    explanation: ClassVar[str] = """\
`--set` takes a dotted key and a value as a `.space` file would write it.

    stdsl run demo.space --set retrain.epochs=1 --set 'data.root="/data/hmdb51"'
"""

    @property
    def message(self) -> str:
        return f"`{self.text}` cannot be set: {self.fault}"

    @property
    def help(self) -> str:
        return "write `--set section.key=value`"


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
