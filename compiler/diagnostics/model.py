"""Diagnostics are data: one frozen dataclass per kind of message, raised or collected, rendered elsewhere.

A kind is a subclass of :class:`Diagnostic` with a ``code`` and a ``title``; its fields are what the message talks
about, its properties turn them into text. ``stdsl explain CODE`` prints ``explanation``, the class's longer text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from .source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place with a few words about it."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of ``span`` by ``text`` (an empty span inserts)."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
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

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.ERROR
    explanation: ClassVar[str] = ""
    has_witness: ClassVar[bool] = False
    """Whether `stdsl sample --witness` can give an architecture that shows it; then a field ``witness`` names its
    decisions."""

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
    def notes(self) -> tuple[str, ...]:
        """What else there is to say; of an error of some architectures, how to get one of them."""
        words: str = getattr(self, "witness", "")
        if self.has_witness and words:
            return (f"`stdsl sample … --witness {self.code}` writes a smallest architecture that shows it",)
        return ()

    @property
    def help(self) -> str | None:
        """What to do about it."""
        return None

    @property
    def fix(self) -> Fix | None:
        return None


class StdslError(Exception):
    """Base of the errors that stdsl raises for its user; holds the diagnostics found so far."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> Iterator[str]:
        for d in self.diagnostics:
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
        self._places: set[tuple[str, Span]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        self._seen.setdefault(diagnostic)
        if diagnostic.span is not None:
            self._places.add((diagnostic.code, diagnostic.span))

    def add_once(self, diagnostic: Diagnostic) -> None:
        """Adds a diagnostic unless there is one of its kind at its place: text elaborated again says nothing new."""
        if diagnostic.span is None or (diagnostic.code, diagnostic.span) not in self._places:
            self.add(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, ordered by file and place."""

        def key(d: Diagnostic) -> tuple[str, int, str]:
            return (d.span.source.name, d.span.start, d.code) if d.span else ("", -1, d.code)

        return tuple(sorted(self._seen, key=key))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)
