"""One diagnostic with the lines of source that it is about, for a person at a terminal.

error[E0101]: expected an expression after `->`, found `}`
  --> cells.space:4:28
   |
 3 | cell block(c) on x {
   |                    - opened here
 4 |   y = x ->  }
   |             ^
   = help: …
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

from ..record import record
from ..text.quoting import visible
from .model import Diagnostic, Severity
from .source import Source, Span

TAB = "    "
_RED, _YELLOW, _BLUE, _CYAN, _BOLD, _END = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1;36m", "\x1b[1m", "\x1b[0m"
_LONGEST = 160
_CUT = "… "


def full(d: Diagnostic, color: bool) -> str:
    """The diagnostic in full, ending in a newline."""
    paint = _Paint(color)
    tone = _RED if d.severity is Severity.ERROR else _YELLOW
    code = f"[{d.code}]" if d.code else ""
    lines = [paint(tone, f"{d.severity.value}{code}") + paint(_BOLD, f": {visible(d.message)}")]
    marks = [_Mark(label.span, visible(label.text), False) for label in d.labels]
    if d.span:
        marks.insert(0, _Mark(d.span, visible(d.label), True))
    width = max((len(str(_last_line(m.span))) for m in marks), default=1)
    gutter = " " * width
    # The file of the primary place comes first, with its own place in the arrow.
    for n, (source, group) in enumerate(_by_source(marks)):
        arrow = "-->" if n == 0 else ":::"
        lines.append(f"{gutter}{paint(_BLUE, arrow)} {group[0].span}")
        lines.append(f"{gutter} {paint(_BLUE, '|')}")
        lines += _excerpt(source, group, width, tone, paint)
    bar = paint(_BLUE, "=")
    for title, text in [("note", note) for note in d.remarks] + ([("help", d.help)] if d.help else []):
        first, *rest = map(visible, text.split("\n"))
        head = paint(_CYAN if title == "help" else _BOLD, f"{title}:")
        lines.append(f"{gutter} {bar} {head} {first}")
        lines += [f"{gutter}   {' ' * len(title)}  {line}" for line in rest]
    return "\n".join(lines) + "\n"


@record
class _Mark:
    span: Span
    text: str
    primary: bool

    @property
    def line(self) -> int:
        return self.span.source.position(self.span.start).line


@record
class _Paint:
    on: bool

    def __call__(self, tone: str, text: str) -> str:
        return f"{tone}{text}{_END}" if self.on and text else text


def _last_line(span: Span) -> int:
    """The last line that a span has a character of."""
    return span.source.position(max(span.start, span.end - 1)).line


def _by_source(marks: list[_Mark]) -> list[tuple[Source, list[_Mark]]]:
    order = list(dict.fromkeys(m.span.source for m in marks))
    return [(source, [m for m in marks if m.span.source is source]) for source in order]


def _excerpt(source: Source, marks: list[_Mark], width: int, tone: str, paint: _Paint) -> list[str]:
    lines: list[str] = []
    previous: int | None = None
    ordered = sorted(marks, key=lambda m: m.span.start)
    for number, here in groupby(ordered, key=lambda m: m.line):
        if previous is not None and number > previous + 2:
            lines.append(paint(_BLUE, "..."))
        elif previous is not None and number == previous + 2:
            lines.append(_source_line(source, previous + 1, 0, width, paint))
        # Right to left, so that the marks of one line do not cut each other's words.
        group = sorted(here, key=lambda m: -m.span.start)
        # Of a line that is too long, the part that shows the primary mark, or the last of the others.
        shown = _left_out(source, number, next((m for m in group if m.primary), group[0]))
        lines.append(_source_line(source, number, shown, width, paint))
        for mark in group:
            lines.append(_underline(source, number, mark, shown, width, tone, paint))
        previous = number
    return lines


def _left_out(source: Source, number: int, mark: _Mark) -> int:
    """How many characters at the beginning of a line are not shown, so that ``mark`` is."""
    column = source.position(mark.span.start).column - 1
    end = source.position(mark.span.end)
    stop = min(end.column - 1, column + _LONGEST // 2) if end.line == number else column
    return max(column - _LONGEST // 2, 0) if stop > _LONGEST else 0


def _source_line(source: Source, number: int, left_out: int, width: int, paint: _Paint) -> str:
    text = source.line(number, _LONGEST + 1, left_out).replace("\t", TAB)
    # Nothing in a source may command the terminal.
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + " …"
    if left_out:
        text = _CUT + text
    return f"{paint(_BLUE, f'{number:>{width}} |')} {text}".rstrip()


def _underline(source: Source, number: int, mark: _Mark, left_out: int, width: int, tone: str, paint: _Paint) -> str:
    text = source.line(number, 2 * _LONGEST, left_out)
    start = min(max(source.position(mark.span.start).column - 1 - left_out, 0), len(text))
    end = source.position(mark.span.end)
    # A span over several lines is underlined to the end of its first.
    stop = max(end.column - 1 - left_out, 0) if end.line == number else len(text)
    # What lies behind the longest line shown has no column of its own.
    offset = _columns(text[: min(start, _LONGEST)])
    length = max(_columns(text[start : min(stop, start + _LONGEST)]), 1)
    if offset + length > _LONGEST:
        offset = min(offset, _LONGEST)
        length = max(_LONGEST - offset, 1)
    sign, hue = ("^", tone) if mark.primary else ("-", _BLUE)
    words = f" {mark.text}" if mark.text else ""
    before = " " * (offset + (len(_CUT) if left_out else 0))
    return f"{' ' * width} {paint(_BLUE, '|')} {before}{paint(hue, sign * length + words)}"


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text) + text.count("\t") * (len(TAB) - 1)
    return sum(_column(c) for c in text)


def _column(char: str) -> int:
    if char == "\t":
        return len(TAB)
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
