"""Diagnostics are data: one frozen dataclass per kind of message, raised or collected, rendered elsewhere.

A kind is a subclass of :class:`Diagnostic` with a ``code`` and a ``title``; its fields are what the message talks
about, its properties turn them into text. ``stdsl explain CODE`` prints ``explanation``, the class's longer text.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from ..record import record
from ..text.quoting import visible
from .source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@record
class Label:
    """A place with a few words about it."""

    span: Span
    text: str = ""


@record
class Origin:
    """A call that brought what a mistake is about into the body that the mistake is in."""

    span: Span
    callee: str
    space: str | None = None
    """The space that makes the call, if one does."""

    @property
    def label(self) -> Label:
        user = f"space `{self.space}` uses `{self.callee}` here" if self.space else f"`{self.callee}` is used here"
        return Label(self.span, user)


@record
class Edit:
    """Replace the text of ``span`` by ``text`` (an empty span inserts)."""

    span: Span
    text: str


@record
class Fix:
    """One safe correction: what it does, and the edits that do it."""

    title: str
    edits: tuple[Edit, ...]


KINDS: dict[str, type[Diagnostic]] = {}
"""All kinds of diagnostics by code."""


@dataclass(frozen=True)
class Diagnostic:
    """Base of all kinds. ``span`` is the primary place, None where no text is to blame
    (a file that a command names)."""

    span: Span | None
    origins: tuple[Origin, ...] = field(default=(), kw_only=True, compare=False)
    """The calls that the mistake depends on, innermost first."""
    deciders: tuple[Label, ...] = field(default=(), kw_only=True, compare=False)
    """Where the decisions of its witness are made."""
    repeated: str = field(default="", kw_only=True, compare=False)
    """Where else the same mistake comes from, in words."""
    showable: bool = field(default=True, kw_only=True, compare=False)
    """Whether a witness can be had: not of a space that other mistakes leave without a graph."""

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.ERROR
    explanation: ClassVar[str] = ""
    of_one_search: ClassVar[bool] = False
    """Whether it is no mistake of the text, but what one search meets, and so nothing to those who ask for another part
    of the file: files of data that are not there, or hold something else now, or a seed that a call may give."""
    has_witness: ClassVar[bool] = False
    """Whether `stdsl sample --witness` can give an architecture that shows it; then a field ``witness`` names its
    decisions."""

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        if "__dataclass_fields__" not in cls.__dict__:
            _complete(cls)
        return super().__new__(cls)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.code:
            previous = KINDS.setdefault(cls.code, cls)
            # dataclass(slots=True) makes a second class of the same name; anything else is a clash.
            assert previous.__qualname__ == cls.__qualname__, f"{cls.code} is both {previous} and {cls}"
            KINDS[cls.code] = cls

    @property
    def message(self) -> str:
        """What is the case, in one sentence without a full stop."""
        return self.title

    @property
    def label(self) -> str:
        """The words under the primary place."""
        return ""

    @property
    def secondary(self) -> tuple[Label, ...]:
        return ()

    @property
    def labels(self) -> tuple[Label, ...]:
        """All places beside the primary one, each once: those of this kind of mistake, then decisions, then calls."""
        own = self.secondary
        taken = {self.span, *(label.span for label in own)}
        more = (*self.deciders, *(origin.label for origin in self.origins))
        return (*own, *(label for label in more if label.span not in taken))

    @property
    def remarks(self) -> tuple[str, ...]:
        """All notes: those of this kind of mistake, then where else it comes from."""
        return (*self.notes, self.repeated) if self.repeated else self.notes

    @property
    def notes(self) -> tuple[str, ...]:
        """What else there is to say; of an error of some architectures, how to get one of them."""
        words: str = getattr(self, "witness", "")
        if self.has_witness and words and self.showable:
            return (f"`stdsl sample … --witness {self.code}` writes a smallest architecture that shows it",)
        return ()

    @property
    def help(self) -> str | None:
        """What to do about it."""
        return None

    @property
    def cause(self) -> Hashable:
        """What several of this kind come from that are one mistake: the first of them alone is reported. None: those at
        one place are."""
        return None

    def beside(self, others: Sequence[Diagnostic]) -> str:
        """What is told of the ``others`` that come from the same cause, "" where they say nothing new."""
        return ""

    @property
    def fix(self) -> Fix | None:
        return None


D = TypeVar("D", bound=Diagnostic)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def kind(cls: type[D]) -> type[D]:
    """Makes a frozen dataclass of a kind, when the first diagnostic of it is made: there are nearly two hundred, most
    calls report none, and making them all took a fifth of a `stdsl check`."""
    return cls


def _complete(cls: type[Diagnostic]) -> None:
    for base in reversed(cls.__mro__):
        if issubclass(base, Diagnostic) and "__dataclass_fields__" not in base.__dict__:
            dataclass(frozen=True)(base)


def in_words(diagnostic: D) -> D:
    """A diagnostic for people: what it quotes of texts, files and errors of other programs stands in one line and
    commands no terminal. Its fix is that of the original."""
    changed = {}
    for f in fields(diagnostic):
        value = getattr(diagnostic, f.name)
        shown = _in_words(value)
        if shown is not value:
            changed[f.name] = shown
    return replace(diagnostic, **changed) if changed else diagnostic


def _in_words(value: Any) -> Any:
    """The same object where nothing in it has to change."""
    if isinstance(value, str):
        return value if value.isprintable() else visible(value)
    if type(value) is tuple:
        parts = tuple(map(_in_words, value))
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
    if isinstance(value, Label):
        return value if value.text.isprintable() else Label(value.span, visible(value.text))
    return value


class StdslError(Exception):
    """Base of the errors that stdsl raises for its user; holds the diagnostics found so far."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> Iterator[str]:
        for d in map(in_words, self.diagnostics):
            place = f"{d.span}: " if d.span is not None else ""
            text = f"{place}{d.code}: {d.message}"
            yield f"{text} (help: {d.help})" if d.help else text


class SpaceError(StdslError):
    """The text of a space, strategy or search is wrong."""


class ArchitectureError(StdslError):
    """An architecture does not fit its space: a decision is missing, unknown, or has a value that is not allowed."""


class RunError(StdslError):
    """A run cannot go on: data missing, out of memory, a run directory that does not fit."""


class Sink:
    """Collects diagnostics; nothing is reported twice."""

    def __init__(self) -> None:
        self._seen: dict[Diagnostic, None] = {}
        self._places: dict[tuple[str, Span], Diagnostic] = {}
        self._further: dict[Diagnostic, set[Origin]] = {}
        """The first call, and the space, of each mistake that was not added again."""
        self._causes: dict[tuple[str, Hashable], list[Diagnostic]] = {}
        """All that comes from a cause; the first one was added."""
        self._showable: dict[tuple[str, Span], bool] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        self._seen.setdefault(diagnostic)
        if diagnostic.span is not None:
            self._places.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def add_once(self, diagnostic: Diagnostic) -> None:
        """Adds a diagnostic unless there is one of its kind at its place, or from its cause: text elaborated again says
        nothing new."""
        if diagnostic.cause is not None:
            alike = self._causes.setdefault((diagnostic.code, diagnostic.cause), [])
            alike.append(diagnostic)
            first = alike[0] if len(alike) > 1 else None
        else:
            first = None if diagnostic.span is None else self._places.get((diagnostic.code, diagnostic.span))
        if first is None:
            self.add(diagnostic)
        elif diagnostic.origins:
            self._further.setdefault(first, set()).update(diagnostic.origins)

    def witnessed(self, diagnostics: Iterable[Diagnostic], possible: bool) -> None:
        """Says of mistakes whether an architecture can be given that shows them; one space that gives it is enough."""
        for d in diagnostics:
            if d.span is not None:
                self._showable[d.code, d.span] = possible or self._showable.get((d.code, d.span), False)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, ordered by file and place."""

        def key(d: Diagnostic) -> tuple[str, int, str]:
            return (d.span.source.name, d.span.start, d.code) if d.span else ("", -1, d.code)

        found: Iterable[Diagnostic] = self._seen
        if self._further or self._showable or self._causes:
            found = map(self._complete, found)
        return tuple(sorted(found, key=key))

    def _complete(self, d: Diagnostic) -> Diagnostic:
        """With what else has the mistake, where something has, and whether it can be shown."""
        if d.span is not None and not self._showable.get((d.code, d.span), True):
            d = replace(d, showable=False)
        others = () if d.cause is None else self._causes.get((d.code, d.cause), ())
        found = [text for text in (d.beside(others), self._further_calls(d)) if text]
        return replace(d, repeated="; ".join(found)) if found else d

    def _further_calls(self, d: Diagnostic) -> str:
        """How many more spaces, or else calls, have a mistake; "" where none has."""
        further = self._further.get(d, set())
        if not d.origins or not further:
            return ""
        spaces = {o.space for o in further if o.space} - {o.space for o in d.origins}
        calls = {o.span for o in further if not o.space} - {o.span for o in d.origins}
        number, what = (len(spaces), "space") if spaces else (len(calls), "call")
        return f"{number} more {what}{'s have' if number > 1 else ' has'} the same mistake" if number else ""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)
