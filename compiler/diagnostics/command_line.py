"""Options whose values do not fit: `-p NAME=VALUE`."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, kind
from .source import Span


@kind
class NoPlainValue(Diagnostic):
    """A `-p` whose value is no number, text, window or truth value."""

    name: str
    kind: str
    is_name: bool

    code: ClassVar[str] = "E0653"
    title: ClassVar[str] = "a parameter needs a plain value"
    explanation: ClassVar[str] = """\
`-p NAME=VALUE` gives a parameter of a space a value: a number, a window, a text in quotes, `true`, `false`, or a list
of these. Names and choices have no value on a command line. A shell takes quotes away, so quote the whole option.

    stdsl count my.space -p mode=fast            E0653
    stdsl count my.space -p 'mode="fast"'        a text
    stdsl count my.space -p c=16 -p k=1x3x3      a number, a window
"""

    @property
    def message(self) -> str:
        if self.is_name and self.span is not None:
            return f"`{self.name}` needs a plain value, and `{self.span.text}` is a name"
        return f"`{self.name}` needs a plain value, not {self.kind}"

    @property
    def help(self) -> str:
        if self.is_name and self.span is not None:
            return f"""write -p '{self.name}="{self.span.text}"' if a text is meant"""
        return f"write a number, a window or a text: -p {self.name}=16, -p {self.name}=1x3x3, -p '{self.name}=\"a\"'"


@kind
class ValuesRefused(Diagnostic):
    """A space has errors with the values of the options, and none without them. ``others``: further values that are
    to blame. ``reason``: what the first error says, ``places`` where; ``more``: how many there are besides."""

    space: str
    others: tuple[Span, ...]
    reason: str
    places: tuple[Label, ...]
    more: int

    code: ClassVar[str] = "E0654"
    title: ClassVar[str] = "a space cannot take the values of its parameters"
    explanation: ClassVar[str] = """\
The text is fine with the values that parameters have by themselves; with those that `-p` gives it is not. The message
has the first mistake that comes of it, and where.

    space s(c = 16) = net(c)             with conv(c, 3x3) inside
    stdsl count my.space::s -p c=0       E0654: `c` of `conv` must be at least 1
    stdsl count my.space::s -p c=8       fine
"""

    @property
    def message(self) -> str:
        return f"`{self.space}` cannot take {'these values' if self.others else 'this value'}: {self.reason}"

    @property
    def label(self) -> str:
        return f"without {'them' if self.others else 'it'} the space is fine"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (*(Label(span) for span in self.others), *self.places)

    @property
    def notes(self) -> tuple[str, ...]:
        places = "1 other place" if self.more == 1 else f"{self.more} other places"
        return (f"it is wrong in {places}, too",) if self.more else ()
