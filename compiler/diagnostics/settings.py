"""Settings: the keys and values of sections, E05xx."""

from __future__ import annotations

from typing import ClassVar

from .habits import COSTS, OPTIONS, SETTINGS, elsewhere_advice
from .model import Diagnostic, Edit, Fix, Label, kind
from .names import nearest, respelt
from .source import Span


def listed(words: tuple[str, ...], last: str = ", ") -> str:
    *others, end = (f"`{w}`" for w in words) if words else ("none",)
    return f"{', '.join(others)}{last}{end}" if others else end


@kind
class UnknownSetting(Diagnostic):
    """A key that the section or the call does not have. ``owner``: what it is looked for in, in words. ``elsewhere``:
    where settings of this name stand, as they are written. ``families``: those that have the setting, which is missed
    in another one."""

    key: str
    owner: str
    known: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    code: ClassVar[str] = "E0501"
    title: ClassVar[str] = "unknown setting"
    explanation: ClassVar[str] = """\
The family of a strategy, a section or a call has no setting of this name.

    strategy fast = gradient { epoch = 10 }       # E0501: did you mean `epochs`?
    strategy fast = gradient { epochs = 10 }      # fine

The message lists the settings that there are, and says where else one of this name stands:

    strategy fast = gradient { lr = 0.1 }                                   # E0501
    strategy fast = gradient { weights { optimizer = sgd(lr = 0.1) } }      # fine
"""

    @property
    def message(self) -> str:
        return f"{self.owner} has no setting `{self.key}`"

    @property
    def label(self) -> str:
        return "unknown setting"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"known here: {listed(self.known)}",)

    @property
    def help(self) -> str | None:
        meant = SETTINGS.get(self.key)
        if meant in self.known:
            return f"did you mean `{meant}`?"
        near = nearest(self.key, self.known)
        places = [f"`{place}`" for place in ((near,) if near else ()) + self.elsewhere]
        if places:
            *others, last = places
            if near is None and all(place.startswith("`search … { strategy = ") for place in places):
                return f"one of this name stands in {', '.join(others)}{' or ' if others else ''}{last}"
            return f"did you mean {', '.join(others)}{' or ' if others else ''}{last}?"
        if self.families:
            *others, last = (f"`{family}`" for family in self.families)
            named = f"families {', '.join(others)} and {last}" if others else f"family {last}"
            return f"it is one of the {named}"
        if self.key in OPTIONS:
            return f"that is an option of the command line: `stdsl run {OPTIONS[self.key]} …`"
        return elsewhere_advice(self.key)

    @property
    def fix(self) -> Fix | None:
        meant = SETTINGS.get(self.key)
        if meant in self.known and self.span is not None:
            return Fix(f"write `{meant}`", (Edit(self.span, str(meant)),))
        return None if self.elsewhere else respelt(self.span, self.key, self.known)


@kind
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


@kind
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


@kind
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


@kind
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
        habit = COSTS.get(self.word)
        near = nearest(self.word, self.known) or (habit if habit in self.known else None)
        if near:
            return f"did you mean `{near}`?"
        return f'a text stands in quotes: "{self.word}"' if "text in quotes" in self.expected else None


@kind
class MissingSetting(Diagnostic):
    """``keys`` with what each of them ``expected``, in words."""

    keys: tuple[str, ...]
    owner: str
    expected: tuple[str, ...]

    code: ClassVar[str] = "E0507"
    title: ClassVar[str] = "setting missing"
    explanation: ClassVar[str] = """\
A setting has no default and is not given.

    search first { space = small  strategy = sdas }                       # E0507: no `data`
    search first { space = small  strategy = sdas  data = motion_digits } # fine
"""

    @property
    def message(self) -> str:
        return f"{self.owner} needs {listed(self.keys, last=' and ')}"

    @property
    def help(self) -> str:
        if len(self.keys) > 1 and len(set(self.expected)) == 1:
            return f"give {listed(self.keys, last=' and ')}: {self.expected[0]} each"
        return "give " + "; ".join(f"`{k}`: {words}" for k, words in zip(self.keys, self.expected, strict=True))


@kind
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


@kind
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
        return f"its parameters are {listed(self.parameters)}" if self.parameters else None


@kind
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


@kind
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


@kind
class WrongOverride(Diagnostic):
    """A `--set` that is not `key=value`."""

    text: str
    fault: str
    advice: str | None = None

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
        return self.advice or "write `--set section.key=value`"
