"""E053x: phases of a search that do not fit its space."""

from __future__ import annotations

from typing import ClassVar

from ..text.patterns import wider
from .model import Diagnostic, kind

SHOWN = 8
"""So many decisions are named."""


def _listed(paths: tuple[str, ...]) -> tuple[str, ...]:
    rest = len(paths) - SHOWN
    return (*(f"`{path}`" for path in paths[:SHOWN]), *((f"… and {rest} more",) if rest > 0 else ()))


@kind
class UndecidedInPhase(Diagnostic):
    """A phase that says nothing about a decision which no earlier phase has searched."""

    number: int
    paths: tuple[str, ...]

    code: ClassVar[str] = "E0530"
    title: ClassVar[str] = "a phase says nothing about a decision"
    explanation: ClassVar[str] = """\
In each phase of a search, decisions that match `hold` are held, else those that match `free` are searched, else they
keep what an earlier phase derived. A decision that no earlier phase has searched must be one of the first two.

    phase { free = "sparse.**" }                                         what about dense.kind?
    phase { free = "sparse.**"  hold { "dense.**" = uniform } }          a new random value at every step
    phase { free = "sparse.**"  hold { "dense.**" = "skip" } }           always its alternative `skip`"""

    @property
    def message(self) -> str:
        n = len(self.paths)
        return (
            f"phase {self.number} says nothing about {n} decision{'s' if n != 1 else ''} that no earlier one searched"
        )

    @property
    def label(self) -> str:
        return "this phase"

    @property
    def notes(self) -> tuple[str, ...]:
        return _listed(self.paths)

    @property
    def help(self) -> str | None:
        return f'hold it, `hold {{ "{self.paths[0]}" = uniform }}`, or let `free` match it'


@kind
class PatternMatchesNothing(Diagnostic):
    """A pattern of a phase that fits no decision of the space."""

    pattern: str
    space: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0531"
    title: ClassVar[str] = "a pattern fits no decision"
    explanation: ClassVar[str] = """\
`free` and `hold` name decisions by patterns over their paths: `*` is one segment with any index, `**` any number of
segments. A pattern without effect is most often a misspelt one.

    phase { free = "normal.knd" }         no decision is called so
    phase { free = "normal.**.kind" }     every `kind` inside `normal`

`stdsl info` lists the decisions of a space."""

    @property
    def message(self) -> str:
        return f'`"{self.pattern}"` fits no decision of `{self.space}`'

    @property
    def label(self) -> str:
        return "used here"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"its decisions are {', '.join(_listed(self.known))}",) if self.known else ("it has no decisions",)

    @property
    def help(self) -> str | None:
        near = wider(self.pattern, self.known)
        return f'did you mean `"{near}"`?' if near else None


@kind
class HeldAtNothing(Diagnostic):
    """A value to hold that a decision does not have."""

    pattern: str
    value: str
    path: str
    allowed: str

    code: ClassVar[str] = "E0532"
    title: ClassVar[str] = "a decision has no such alternative to hold"
    explanation: ClassVar[str] = """\
`hold` takes a pattern to what all decisions that fit it are held at: the name of an alternative of a choose, a number
of a count, `on` or `off` for a gate, `all` for a keep that may keep all; or `uniform`, a value that is drawn anew at
every step.

    hold { "**.kind" = "sep7" }        kind: skip, sep3, sep5
    hold { "**.kind" = "sep5" }        right
    hold { "**.inputs" = uniform }     right for every decision"""

    @property
    def message(self) -> str:
        return f"`{self.path}` cannot be held at `{self.value}`"

    @property
    def label(self) -> str:
        return f'`"{self.pattern}"` fits it'

    @property
    def help(self) -> str | None:
        return f"it takes {self.allowed}, or `uniform`"


@kind
class NeverSearched(Diagnostic):
    """Decisions for which the search never finds a value."""

    paths: tuple[str, ...]

    code: ClassVar[str] = "E0533"
    title: ClassVar[str] = "a decision is searched in no phase"
    explanation: ClassVar[str] = """\
A decision that is `uniform` whenever a phase comes to it has no value in the end. Some phase must search it, or the
last one hold it at an alternative.

    phase { free = "a.**"  hold { "b.**" = uniform } }                                  what is b.kind in the result?
    phase { free = "a.**"  hold { "b.**" = uniform } }   phase { free = "b.**" }        right"""

    @property
    def message(self) -> str:
        n = len(self.paths)
        return f"no phase searches {n} of the decisions, and the last one does not hold {'it' if n == 1 else 'them'}"

    @property
    def label(self) -> str:
        return "the last phase"

    @property
    def notes(self) -> tuple[str, ...]:
        return _listed(self.paths)

    @property
    def help(self) -> str | None:
        return "add a phase that searches them"
