"""A small pretty-printer: documents that are laid out on one line where they fit, after Wadler, "A prettier printer".

A group is printed flat if it fits on the rest of the line, else its own lines (not those of groups inside it) become
line breaks. Comments are part of the documents: one ends its line wherever it stands, so a group with a comment between
its first and its last word is never flat, and whatever follows a comment begins a new line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from ..record import record

WIDTH = 100
"""Columns that a line should not pass."""


@record
class Doc:
    """``width``: of the flat form, None where there is none. ``words``: whether anything but comments is in it.

    ``lead`` and ``trail`` say that it begins or ends with a comment, ``inner`` that one stands between its words.
    """

    width: int | None = 0
    words: bool = False
    lead: bool = False
    trail: bool = False
    inner: bool = False


@record
class Text(Doc):
    text: str = ""


@record
class Comment(Doc):
    """``own``: on a line of its own, with an empty line before it if ``blank``; else at the end of the line."""

    text: str = ""
    own: bool = False
    blank: bool = False


@record
class Line(Doc):
    """A place for a line break; ``flat`` is what stands there otherwise. ``blank``: with an empty line, when broken."""

    flat: str = " "
    blank: bool = False


@record
class Blank(Doc):
    """An empty line, behind a comment."""


@record
class Choice(Doc):
    """One text in a broken group, another in a flat one."""

    broken: str = ""
    flat: str = ""


@record
class Concat(Doc):
    parts: tuple[Doc, ...] = ()


@record
class Nest(Doc):
    body: Doc = field(default_factory=Doc)
    by: int = 2


@record
class Group(Doc):
    body: Doc = field(default_factory=Doc)
    broken: bool = False


def text(value: str) -> Doc:
    return Text(len(value), bool(value), text=value)


def comment(value: str, own: bool, blank: bool = False) -> Doc:
    return Comment(0, False, True, True, text=value, own=own, blank=blank)


def line(flat: str = " ", blank: bool = False) -> Doc:
    return Line(len(flat), flat=flat, blank=blank)


def hard(blank: bool = False) -> Doc:
    """A line break in any case."""
    return Line(None, flat="", blank=blank)


def choice(broken: str, flat: str) -> Doc:
    return Choice(len(flat), broken=broken, flat=flat)


def concat(*parts: Doc) -> Doc:
    return join(parts)


def join(parts: Iterable[Doc]) -> Doc:
    kept = tuple(parts)
    width: int | None = 0
    words = lead = trail = inner = False
    for part in kept:
        width = None if width is None or part.width is None else width + part.width
        inner |= part.inner
        if part.words:
            inner |= words and (trail or part.lead)
            lead |= not words and part.lead
            words, trail = True, part.trail
        elif part.lead:
            trail = True
            lead |= not words
    return Concat(width, words, lead, trail, inner, parts=kept)


def nest(body: Doc, by: int = 2) -> Doc:
    return Nest(body.width, body.words, body.lead, body.trail, body.inner, body=body, by=by)


def group(body: Doc, broken: bool = False) -> Doc:
    broken = broken or body.inner or body.width is None
    width = None if broken else body.width
    return Group(width, body.words, body.lead, body.trail, body.inner, body=body, broken=broken)


_Command = tuple[int, bool, Doc]


class Printer:
    """Lays out one document. ``broken`` in its commands is the mode of the group that a document stands in."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self.current = ""
        """The line being written; empty until its first word, which brings the indentation."""
        self.indent = 0
        """The indentation of the line being written, from the place that its break stands at."""
        self.ended = False
        """A comment has ended this line."""

    def print(self, doc: Doc) -> str:
        """The text, ending in a newline unless it is empty."""
        stack: list[_Command] = [(0, True, doc)]
        while stack:
            indent, broken, doc = stack.pop()
            match doc:
                case Text(text=value):
                    if self.ended:
                        if not value.strip():
                            continue
                        self.newline(indent)
                    self.write(value)
                case Choice():
                    self.write(doc.broken if broken else doc.flat)
                case Concat(parts=parts):
                    stack.extend((indent, broken, part) for part in reversed(parts))
                case Nest(body=body, by=by):
                    stack.append((indent + by, broken, body))
                case Group(body=body):
                    flat = not doc.broken and self.fits(body, indent, stack)
                    stack.append((indent, not flat, body))
                case Line():
                    if doc.width is None or broken:
                        self.newline(indent, doc.blank)
                    elif not self.ended:
                        self.write(doc.flat)
                case Blank():
                    self.newline(indent, True)
                case Comment():
                    self.comment(doc, indent)
        self.newline(0)
        return "".join(f"{line}\n" for line in self.lines)

    def write(self, value: str) -> None:
        if value:
            self.current = (self.current or " " * self.indent) + value

    def newline(self, indent: int, blank: bool = False) -> None:
        """Ends the line, if anything is on it."""
        if self.current:
            self.lines.append(self.current.rstrip(" "))
        if blank and self.lines and self.lines[-1]:
            self.lines.append("")
        self.current, self.indent, self.ended = "", indent, False

    def comment(self, doc: Comment, indent: int) -> None:
        if doc.own or self.ended:
            self.newline(indent, doc.blank)
        gap = "  " if self.current else ""
        self.current = self.current.rstrip(" ")
        self.write(gap + doc.text)
        self.ended = True

    def fits(self, body: Doc, indent: int, rest: Sequence[_Command]) -> bool:
        """Whether ``body`` fits flat, with what follows up to the next line break."""
        left = self.width - (indent if self.ended else len(self.current) or self.indent)
        todo: list[tuple[bool, Doc]] = [(False, body)]
        following = len(rest)
        words = False
        while left >= 0:
            if not todo:
                if not following:
                    return True
                following -= 1
                _, broken, doc = rest[following]
                words = True
            else:
                broken, doc = todo.pop()
            match doc:
                case Text(text=value):
                    left -= len(value)
                    words = True
                case Choice():
                    left -= len(doc.broken if broken else doc.flat)
                case Concat(parts=parts):
                    todo.extend((broken, part) for part in reversed(parts))
                case Nest(body=inner):
                    todo.append((broken, inner))
                case Group(body=inner):
                    # A group behind this one may break: then this one ends at its first line.
                    todo.append((broken or doc.broken, inner))
                case Line():
                    if broken or doc.width is None:
                        return True
                    left -= len(doc.flat)
                case Comment():
                    if words:
                        return True
                    # Comments before the first word have lines of their own.
                    left = self.width - indent
                case _:
                    pass
        return False
