"""The one canonical layout of a text.

- Lines of at most 100 columns where that can be done, two spaces of indentation, one statement or setting a line.
- Bodies, loops and the settings of a declaration always have lines of their own. Settings inside settings stand on one
  line, two spaces apart, if they fit and no line break follows their `{`; in lines of their own, neighbours that need
  one line each have their `=` and `{` aligned.
- Brackets whose last element has a comma behind it are broken, one element a line, as are those that do not fit; pipes
  break before every `->`.
- Comments stay where they are, and so do single empty lines between items, statements, settings and elements.
- Words are never touched: numbers, strings and parentheses stay as written.
"""

from __future__ import annotations

from ..diagnostics.model import Sink, SpaceError
from ..diagnostics.source import Source
from .compare import same
from .documents import Documents
from .layout import WIDTH, Printer
from .parser import parse, read
from .stack import deep_stack


class FormatError(RuntimeError):
    """The formatter would have changed the meaning of a text; a mistake of stdsl's, not of its user."""


def format_source(source: Source) -> str:
    """The text in its canonical layout. Raises SpaceError where it has syntax errors."""
    sink = Sink()
    before = parse(source, sink)
    if sink.errors:
        raise SpaceError(sink.diagnostics)
    with deep_stack():
        text = Printer(WIDTH).print(Documents(read(source, Sink())).file())
    _verify(source, text, same(before, parse(Source(source.name, text), sink)), sink)
    return text


def _verify(source: Source, text: str, same_meaning: bool, sink: Sink) -> None:
    if sink.errors or not same_meaning:
        raise FormatError(f"formatting {source.name} would change its meaning; please report this with the file")
    old, new = (sorted(str(c).rstrip() for c in read(s, Sink()).comments) for s in (source, Source(source.name, text)))
    if old != new:
        raise FormatError(f"formatting {source.name} would lose a comment; please report this with the file")
