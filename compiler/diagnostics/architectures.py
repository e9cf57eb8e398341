"""E06xx: architectures that do not fit their space, and files of architectures that cannot be read."""

from __future__ import annotations

import shlex
from typing import ClassVar

from .model import Diagnostic, Label, Severity, kind
from .source import Span


@kind
class MissingDecision(Diagnostic):
    """An active decision has no value."""

    path: str
    kind: str
    allowed: str

    code: ClassVar[str] = "E0601"
    title: ClassVar[str] = "a decision is missing"
    explanation: ClassVar[str] = """\
An architecture holds a value for every active decision of its space: all that evaluating the outputs asks for.

    {"cell.kind": "sep3"}                            cell.length is asked for by sep3: missing
    {"cell.kind": "sep3", "cell.length": "5"}        complete

`stdsl info` lists the decisions of a space; `stdsl sample` writes complete architectures to start from."""

    @property
    def message(self) -> str:
        return f"the {self.kind} `{self.path}` is active but has no value"

    @property
    def label(self) -> str:
        return "decided here"

    @property
    def help(self) -> str | None:
        return f"give it {self.allowed}"


@kind
class UnknownDecision(Diagnostic):
    """A path that no decision of the space has."""

    path: str
    space: str
    near: str | None = None
    site: bool = False

    code: ClassVar[str] = "E0602"
    title: ClassVar[str] = "an unknown decision"
    explanation: ClassVar[str] = """\
The keys of an architecture are the paths of the decisions of its space.

    {"normal.x[1][1].knd": "sep3"}      no such path
    {"normal.x[1][1].kind": "sep3"}     right

A `keep` that can come out in one way only (`keep 2` of two) is no decision, and has no value either."""

    @property
    def message(self) -> str:
        if self.site:
            return f"`{self.path}` can come out in one way only: it is no decision of `{self.space}`"
        return f"`{self.space}` has no decision `{self.path}`"

    @property
    def help(self) -> str | None:
        if self.site:
            return "leave it out"
        return f"did you mean `{self.near}`?" if self.near else "`stdsl info` lists the decisions of a space"


@kind
class InactiveDecision(Diagnostic):
    """A value for a decision that this architecture does not ask for."""

    path: str

    code: ClassVar[str] = "E0603"
    title: ClassVar[str] = "a decision that is not active"
    explanation: ClassVar[str] = """\
A decision is active when evaluating the outputs asks for it; an architecture has values for exactly the active ones.

    {"x.choice": "skip", "x.conv.length": "5"}      skip has no length
    {"x.choice": "skip"}                            right"""

    @property
    def message(self) -> str:
        return f"`{self.path}` has a value, but the other values leave nothing that asks for it"

    @property
    def label(self) -> str:
        return "decided here, if at all"

    @property
    def help(self) -> str | None:
        return "leave it out"


@kind
class ValueNotAllowed(Diagnostic):
    """A decision cannot take this value."""

    path: str
    value: str
    allowed: str
    near: str | None = None

    code: ClassVar[str] = "E0604"
    title: ClassVar[str] = "a value that is not allowed"
    explanation: ClassVar[str] = """\
A choose takes the name of one of its alternatives, a keep the places of the kept elements counted from 1,
a gate true or false, a count one of its numbers.

    {"x.kind": "sep7", "x.inputs": [0, 1]}      there is no sep7; places count from 1
    {"x.kind": "sep5", "x.inputs": [1, 2]}      right"""

    @property
    def message(self) -> str:
        return f"`{self.path}` cannot be {self.value}"

    @property
    def label(self) -> str:
        return "decided here"

    @property
    def help(self) -> str | None:
        hint = f"did you mean `{self.near}`? " if self.near else ""
        return f"{hint}it takes {self.allowed}"


@kind
class ConstraintViolated(Diagnostic):
    """An architecture breaks a constraint: over decisions, or, where ``cost`` says what it costs, over costs."""

    decisions: tuple[str, ...]
    cost: str = ""

    code: ClassVar[str] = "E0605"
    title: ClassVar[str] = "the architecture is outside `where`"
    explanation: ClassVar[str] = """\
Constraints are part of a space: an architecture that breaks one is none of its architectures. What it costs,
`space.costs(…)` says all the same; to build it, declare the space without the constraint beside this one.

    space s = net() where width % heads == 0, flops <= 2M
    {"width": "48", "heads": "5"}      48 % 5 is 3
    {"width": "48", "heads": "4"}      right, if it costs at most 2 M multiply-adds"""

    @property
    def message(self) -> str:
        if self.cost:
            return f"this condition does not hold for an architecture of {self.cost}"
        if not self.decisions:
            return "this condition does not hold for the architecture"
        return f"this condition does not hold for the values of {', '.join(f'`{d}`' for d in self.decisions)}"

    @property
    def label(self) -> str:
        return "must hold"

    @property
    def help(self) -> str | None:
        if self.cost:
            return "take another architecture, or one of a space that is declared without this condition"
        return "change one of these values" if self.decisions else "change its values"


@kind
class UnreadableArchitecture(Diagnostic):
    """A file of an architecture is missing, is not JSON, or lacks a part. ``bare``: it seems to hold values alone."""

    file: str
    reason: str
    bare: bool = False

    code: ClassVar[str] = "E0606"
    title: ClassVar[str] = "an architecture file cannot be read"
    explanation: ClassVar[str] = """\
An architecture file (`.arch.json`) is a JSON object with the keys `format`, `space`, `parameters`, `table`,
`table_hash` and `values`. `stdsl sample -o DIR` and every run write such files.

    stdsl info darts::darts_cifar --arch notes.json      # wrong: not written by stdsl
    stdsl sample darts::darts_cifar -o samples           # right: writes architecture files

Values alone, an object of JSON from the paths of decisions to their values, stand in the call itself, and in no file:

    stdsl info net.space::net --arch '{"y.kind": "sep3"}'
    stdsl info net.space::net --arch "$(cat values.json)"
"""

    @property
    def message(self) -> str:
        return f"{self.file} cannot be read as an architecture: {self.reason}"

    @property
    def help(self) -> str | None:
        written = "architecture files are written by `stdsl sample -o DIR` and by runs"
        inline = shlex.quote(self.file)
        return f'give values alone in the call itself: `--arch "$(cat {inline})"`; {written}' if self.bare else written


@kind
class NewerArchitectureFormat(Diagnostic):
    """A file that a newer version of the tool wrote."""

    file: str
    format: int
    known: int

    code: ClassVar[str] = "E0607"
    title: ClassVar[str] = "an architecture file of a newer format"
    explanation: ClassVar[str] = """\
The file was written by a newer version of stdsl, in a format that this version does not know. Update stdsl.

    pip install --upgrade stdsl
"""

    @property
    def message(self) -> str:
        return f"{self.file} has format {self.format}; this version reads formats up to {self.known}"

    @property
    def help(self) -> str | None:
        return "update stdsl"


@kind
class SpaceChanged(Diagnostic):
    """The decision table that an architecture was made for differs from the space's."""

    space: str
    changes: tuple[str, ...]
    made_for: str
    """The name of the space that it was made for."""

    code: ClassVar[str] = "E0608"
    title: ClassVar[str] = "the architecture was made for a different space"
    explanation: ClassVar[str] = """\
An architecture file holds the decision table that it was made for. When the space has other decisions now, or other
alternatives, the file is not read as if nothing had happened: the message lists what changed. Make the architecture
anew, or from a mapping of the new paths.

    the space had   x.kind: skip, sep3            the file says x.kind = skip
    and now has     x.kind: skip, sep3, sep5      an alternative came in: the choice may be another one now"""

    @property
    def message(self) -> str:
        n = len(self.changes)
        many = f"{n} difference{'s' if n != 1 else ''}"
        if self.made_for != self.space:
            return f"the architecture was made for `{self.made_for}`, not for `{self.space}` ({many})"
        return f"`{self.space}` has changed since the architecture was made ({many})"

    @property
    def notes(self) -> tuple[str, ...]:
        shown = self.changes[:12]
        rest = len(self.changes) - len(shown)
        return (*shown, f"… and {rest} more") if rest else shown

    @property
    def help(self) -> str | None:
        if self.made_for != self.space:
            return f"give an architecture of `{self.space}`: `stdsl sample -o DIR` and runs write them"
        return "make the architecture anew for the changed decisions"


@kind
class OtherParameters(Diagnostic):
    """An architecture was made with other parameters of its space than it is shown with. ``differing``: name,
    value then, value now."""

    space: str
    differing: tuple[tuple[str, str, str], ...]

    code: ClassVar[str] = "W0611"
    title: ClassVar[str] = "the architecture was made with other parameters of the space"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
The decisions of an architecture do not depend on the parameters of its space, so a file may be used with others: a
search with 16 channels finds what is trained with 36. Its costs and its layers are those of the parameters that are
asked for, which `info` and `graph` therefore say where no `-p` names them.

    stdsl graph a.space::cells --arch runs/a-0001/architectures/derived.arch.json            W0611 of `c`
    stdsl graph a.space::cells -p c=36 --arch runs/a-0001/architectures/derived.arch.json    as meant"""

    @property
    def message(self) -> str:
        parts = ", ".join(f"{name} = {then} (here {now})" for name, then, now in self.differing)
        return f"the architecture was made for `{self.space}` with {parts}"

    @property
    def help(self) -> str:
        options = " ".join(f"-p {name}={then}" for name, then, _ in self.differing)
        return f"`{options}` shows the network as it was made; naming the value that is meant ends this warning"


@kind
class NoSibling(Diagnostic):
    """The space of the final training does not have the decisions of the searched one."""

    searched: str
    other: str
    differences: tuple[str, ...]
    searched_span: Span | None = None
    places: tuple[Label, ...] = ()

    code: ClassVar[str] = "E0609"
    title: ClassVar[str] = "the result cannot be carried over"
    explanation: ClassVar[str] = """\
`retrain { space = … }` trains what a search found in another space, usually a wider or deeper one of the same cells.
An architecture carries over when its decisions have the same paths there, and their values the same names. What
differs is known before anything runs, and listed.

    cell normal(c) on x = x -> conv(c) -> choose {a: conv(c), b: skip} as kind
    space small = tower(normal, c = 16)        space = small, retrain { space = large }: right
    space large = tower(normal, c = 64)
    space other = tower(reduction, c = 64)     retrain { space = other }: `reduction` decides other things

Paths come from the names that statements bind, so that a cell should stand under the same name in both spaces, or be
tied (`tied cell`). The other space may have more alternatives, and sizes of its own."""

    @property
    def message(self) -> str:
        n = len(self.differences)
        many = f"{n} difference{'s' if n != 1 else ''}"
        return f"an architecture of `{self.searched}` is none of `{self.other}` ({many})"

    @property
    def label(self) -> str:
        return "is to be trained here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        first = (Label(self.searched_span, "is searched here"),) if self.searched_span is not None else ()
        return (*first, *self.places)

    @property
    def notes(self) -> tuple[str, ...]:
        shown = self.differences[:12]
        rest = len(self.differences) - len(shown)
        return (*shown, f"… and {rest} more") if rest else shown

    @property
    def help(self) -> str | None:
        return "name a space whose cells decide alike, or leave `space` out to train in the space of the search"


@kind
class NoFinalTraining(Diagnostic):
    """An architecture is to be trained by a search that has no section `retrain`."""

    search: str

    code: ClassVar[str] = "E0613"
    title: ClassVar[str] = "a search that trains no given architecture"
    explanation: ClassVar[str] = """\
`stdsl run FILE::SEARCH --arch FILE` leaves out the search, and does with the architecture what the search says of its
result: it is trained as `retrain` says, compared, evaluated and exported. Without `retrain` the result has the weights
that the search left, and an architecture without a search has none.

    search find { space = cells  data = …  strategy = darts }                              E0613 with --arch
    search find { space = cells  data = …  strategy = darts  retrain { epochs = 100 } }    fine"""

    @property
    def message(self) -> str:
        return f"the search `{self.search}` has no `retrain`, which says how an architecture is trained"

    @property
    def help(self) -> str:
        return f"add `retrain {{ epochs = … }}` to the search `{self.search}`"
