"""Kinds of diagnostics of the lexer and the parser: E01xx."""

from __future__ import annotations

import re
from typing import ClassVar

from .model import Diagnostic, Edit, Fix, Label, kind
from .source import Span


@kind
class UnexpectedToken(Diagnostic):
    """Something stands where the grammar wants something else."""

    expected: str
    found: str
    after: str | None = None
    advice: str | None = None
    opened: Span | None = None
    instead: str | None = None
    """What was meant, if that is clear; empty where nothing was."""

    code: ClassVar[str] = "E0101"
    title: ClassVar[str] = "unexpected text"
    explanation: ClassVar[str] = """\
The text does not follow the grammar at this place. The message names what could have stood here.

    cell block(c) on x { y = x ->  return y }

Here the operator behind `->` is missing:

    cell block(c) on x { y = x -> conv(c, 3x3)  return y }
"""

    @property
    def message(self) -> str:
        after = f" after {self.after}" if self.after else ""
        return f"expected {self.expected}{after}, found {self.found}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.opened, "opened here"),) if self.opened else ()

    @property
    def help(self) -> str | None:
        return self.advice

    @property
    def fix(self) -> Fix | None:
        if self.instead is None or self.span is None or not self.span.text:
            return None
        title = f"write `{self.instead}`" if self.instead else f"leave out `{self.span.text}`"
        crowded = self.instead == "=" and not self.span.source.text[: self.span.start][-1:].isspace()
        return Fix(title, (Edit(self.span, f" {self.instead}" if crowded else self.instead),))


@kind
class BadCharacter(Diagnostic):
    """A character that no word, number or sign of the language begins with, or a run of them."""

    character: str

    code: ClassVar[str] = "E0102"
    title: ClassVar[str] = "unknown character"
    explanation: ClassVar[str] = """\
Names consist of ASCII letters, digits and `_`; other characters may stand in strings and comments only.

    let größe = 3          # wrong
    let size = 3           # right
"""

    @property
    def message(self) -> str:
        if len(self.character) > 1:
            shown = self.character if len(self.character) <= _SHOWN else f"{self.character[:_SHOWN]}…"
            return f"the {len(self.character)} characters `{shown}` have no meaning here"
        shown = f"`{self.character}`" if self.character.isprintable() else f"U+{ord(self.character):04X}"
        return f"the character {shown} has no meaning here"

    @property
    def fix(self) -> Fix | None:
        # A text in single or in typographic quotes.
        if self.character in "'“" and self.span is not None and len(self.span.text) > 1 and '"' not in self.span.text:
            return Fix("use double quotes", (Edit(self.span, f'"{self.span.text[1:-1]}"'),))
        sign = _SIGNS.get(self.character[0])
        if sign is None or self.span is None or (len(self.span.text) != 1 and sign):
            return None
        title = f"write `{sign.strip()}`" if sign else f"leave out `{self.character}`"
        return Fix(title, (Edit(self.span, sign),))

    @property
    def help(self) -> str | None:
        if self.character.isalpha():
            return "names consist of ASCII letters, digits and `_`"
        return _INSTEAD.get(self.character[0])


# How much of a run is shown.
_SHOWN = 20

# Characters that can only have been meant for one sign.
_SIGNS = {"→": "->", "…": "..", "–": "-", "−": "-", "^": "**", "!": "not ", ";": ""}
_SIGNS |= {"≤": "<=", "≥": ">=", "≠": "!="}

_INSTEAD = {
    "'": 'strings stand between double quotes: "…"',
    "“": 'strings stand between straight double quotes: "…"',
    "”": 'strings stand between straight double quotes: "…"',
    ";": "nothing separates statements and settings: leave `;` out",
    "&": "write `and`",
    "|": "write `or`; operators are joined by `->`",
    "?": "write `if … then … else …`",
    "@": "write `x -> linear(c)` for a product with learnt weights",
    "!": "write `not`",
    "^": "write `**` for a power",
    "–": "write `-`",
    "−": "write `-`",
    "→": "write `->`",
    "×": "write `x` between the numbers of a tuple (`1x3x3`), `*` for a product",
    "…": "write `..` for a range",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
}


@kind
class UnterminatedString(Diagnostic):
    """A string that does not end on its line."""

    code: ClassVar[str] = "E0103"
    title: ClassVar[str] = "this string does not end on its line"
    explanation: ClassVar[str] = """\
A string begins and ends with `"` on the same line.

    use "cells.space (normal)      # wrong
    use "cells.space" (normal)     # right
"""

    @property
    def help(self) -> str | None:
        return 'close it with `"`; inside a string a quote is written `\\"` and a backslash `\\\\`'


@kind
class BadNumber(Diagnostic):
    """A number that runs into letters, or cannot be represented."""

    text: str
    crossed: str = ""
    """The tuple that was meant."""

    code: ClassVar[str] = "E0104"
    title: ClassVar[str] = "malformed number"
    explanation: ClassVar[str] = """\
Numbers are written `16`, `0.025`, `3e-4`, with one of the suffixes K, M, G, T (`600M`), or as a tuple of integers
joined by `x` (`1x3x3`); a tuple with names in it is written in parentheses. Digits are needed on both sides of a
point; names do not begin with a digit.

    let width = 3.         # wrong
    let width = 3.0        # right

    x -> conv(16, 1xk)     # wrong
    x -> conv(16, (1, k))  # right
"""

    @property
    def message(self) -> str:
        shown = self.text if len(self.text) <= 40 else self.text[:40] + "…"
        return f"`{shown}` is not a number"

    @property
    def _meant(self) -> str | None:
        """The number or the tuple that was meant, where that is clear."""
        bare = self.text.replace("_", "")
        if self.crossed:
            return self.crossed
        if bare.startswith("."):
            return f"0{bare}"
        if bare.endswith(".") and bare[:-1].isdigit():
            return f"{bare}0"
        if bare[-1] in "kmgt" and re.fullmatch(r"\d+(\.\d+)?", bare[:-1]):
            return bare[:-1] + bare[-1].upper()
        return bare if bare.isdigit() and bare != self.text else None

    @property
    def fix(self) -> Fix | None:
        meant = self._meant
        return Fix(f"write `{meant}`", (Edit(self.span, meant),)) if meant and self.span else None

    @property
    def help(self) -> str | None:
        if self.text.startswith("."):
            return f"digits are needed before the point: `{self._meant}`"
        if self.crossed:
            return f"only numbers are joined by `x`; with names in it a tuple is written `{self.crossed}`"
        if re.match(r"\d+x", self.text):
            return "only numbers are joined by `x`; with names in it a tuple is written `(1, k)`"
        if self._meant and self.text[-1] in "kmgt":
            return f"suffixes are capital letters: `{self._meant}`"
        if "_" in self.text:
            return "digits are not grouped by `_`; large numbers have suffixes: `600K`, `3M`"
        if self.text.endswith("."):
            return f"digits are needed behind the point: `{self.text}0`"
        return "numbers are written 16, 0.025, 3e-4, 600M (suffixes K M G T), tuples of integers 1x3x3"


@kind
class MissingEdition(Diagnostic):
    """A file that does not begin with `stdsl 1`. ``later``: it stands at the place, behind something else."""

    later: bool = False

    code: ClassVar[str] = "E0105"
    title: ClassVar[str] = "the file does not begin with its edition, `stdsl 1`"
    explanation: ClassVar[str] = """\
The first item of a file is `stdsl 1`: the edition of the language that it is written in. Comments may stand before it.

    let WIDTH = 16           # wrong, as the first line of a file

    stdsl 1                  # right
    let WIDTH = 16
"""

    @property
    def help(self) -> str | None:
        return "move `stdsl 1` to the first line" if self.later else "write `stdsl 1` on the first line"

    @property
    def fix(self) -> Fix | None:
        if self.span is None or self.later:
            return None
        start = Span(self.span.source, self.span.start, self.span.start)
        return Fix("write the edition", (Edit(start, "stdsl 1\n"),))


@kind
class UnknownEdition(Diagnostic):
    """An edition that this version of the tool does not know."""

    edition: str
    known: int

    code: ClassVar[str] = "E0106"
    title: ClassVar[str] = "unknown edition"
    explanation: ClassVar[str] = """\
The file says that it is written in an edition of the language that this version of stdsl does not know. A newer stdsl
may. The rest of the file is not looked at, because its words may have another meaning.

    stdsl 9                  # wrong: there is no such edition yet
    stdsl 1                  # right
"""

    @property
    def message(self) -> str:
        newer = self.edition.isdigit() and self.edition.lstrip("0") != "" and self.edition != str(self.known)
        what = "is newer than this stdsl, which knows" if newer else "does not exist; this stdsl knows"
        return f"edition {self.edition} {what} edition {self.known}"

    @property
    def help(self) -> str | None:
        return "update stdsl (`pip install --upgrade stdsl`), or write `stdsl 1`"


@kind
class TooDeep(Diagnostic):
    """An expression nested beyond the limit."""

    limit: int
    chain: bool = False

    code: ClassVar[str] = "E0107"
    title: ClassVar[str] = "nested too deeply"
    explanation: ClassVar[str] = """\
Expressions, and blocks inside blocks, may be nested up to a limit, which no text written by people reaches, and chains
such as `a -> b -> c` have a greatest length. Give parts of the expression names of their own.

    op deep = relu -> (relu -> (relu -> (…)))           # wrong, a hundred levels further on
    op tail = relu -> relu                              # right: parts with names
    op deep = relu -> tail
"""

    @property
    def message(self) -> str:
        if self.chain:
            return f"this is a chain of more than {self.limit} operators"
        return f"this is nested in more than {self.limit} levels"

    @property
    def help(self) -> str | None:
        return "give parts of it names of their own" if self.chain else "give the inner parts names of their own"


@kind
class BadEscape(Diagnostic):
    """A backslash in a string before a character that it does not go with."""

    text: str

    code: ClassVar[str] = "E0108"
    title: ClassVar[str] = "unknown escape in a string"
    explanation: ClassVar[str] = """\
In a string a backslash makes `\\"` a quote, `\\\\` a backslash, `\\n` a new line and `\\t` a tab. Paths are written
with `/` on every system.

    data = cifar10(root = "data\\cifar")      # wrong: `\\c` means nothing
    data = cifar10(root = "data/cifar")       # right
"""

    @property
    def message(self) -> str:
        return f"`{self.text}` means nothing in a string"

    @property
    def help(self) -> str | None:
        return "a backslash itself is written `\\\\`; paths are written with `/` on every system"


@kind
class Unclosed(Diagnostic):
    """A bracket that is not closed before the declaration ends. The span is the bracket."""

    bracket: str
    closer: str
    end: Span
    end_text: str

    code: ClassVar[str] = "E0109"
    title: ClassVar[str] = "unclosed bracket"
    explanation: ClassVar[str] = """\
A `(`, `[` or `{` has no partner before the next declaration or the end of the file.

    cell a(c) on x {
      y = x -> conv(c, 3x3)
      return y
                               # here a `}` is missing
    cell b(c) = relu
"""

    @property
    def message(self) -> str:
        return f"this `{self.bracket}` is never closed"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.end, f"`{self.closer}` expected before {self.end_text}"),)

    @property
    def help(self) -> str | None:
        return f"close it with `{self.closer}`"


@kind
class UnknownDeclaration(Diagnostic):
    """Something between declarations that does not begin one."""

    found: str
    suggestion: str | None
    advice: str | None = None

    code: ClassVar[str] = "E0110"
    title: ClassVar[str] = "not a declaration"
    explanation: ClassVar[str] = """\
A file consists of declarations. Each begins with one of `use let op ops cell tied meta extern space strategy search`.

    opp sep(k) = relu -> depthwise(k) -> pointwise() -> bn     # wrong
    op  sep(k) = relu -> depthwise(k) -> pointwise() -> bn     # right
"""

    @property
    def message(self) -> str:
        return f"expected a declaration, found {self.found}"

    @property
    def help(self) -> str | None:
        if self.suggestion:
            return f"did you mean `{self.suggestion}`?"
        return (
            self.advice
            or "declarations begin with: use, let, op, ops, cell, tied cell, meta, extern op, space, strategy, search"
        )

    @property
    def fix(self) -> Fix | None:
        if self.suggestion and self.span:
            return Fix(f"write `{self.suggestion}`", (Edit(self.span, self.suggestion),))
        return None


@kind
class ReservedWord(Diagnostic):
    """A keyword where a name is due."""

    word: str
    expected: str

    code: ClassVar[str] = "E0111"
    title: ClassVar[str] = "reserved word"
    explanation: ClassVar[str] = """\
The words of the language cannot be names of things that a file defines. Behind a dot, and mostly as keys of settings,
they can.

    let space = 3          # wrong
    let room = 3           # right
"""

    @property
    def message(self) -> str:
        return f"expected {self.expected}, but `{self.word}` is a word of the language"

    @property
    def help(self) -> str | None:
        return f"choose another name, `{self.word}_` for instance"


@kind
class MissingReturn(Diagnostic):
    """A body that ends without `return`. The span is its closing brace."""

    opened: Span | None

    code: ClassVar[str] = "E0112"
    title: ClassVar[str] = "this body ends without `return`"
    explanation: ClassVar[str] = """\
The last thing in a body is `return`, with the value that the op, cell or meta gives.

    cell block(c) on x { y = x -> conv(c, 3x3) }               # wrong
    cell block(c) on x { y = x -> conv(c, 3x3)  return y }     # right
"""

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.opened, "the body begins here"),) if self.opened else ()

    @property
    def help(self) -> str | None:
        return "end it with `return …`"


@kind
class ManyUnknownCharacters(Diagnostic):
    """So many mistakes of spelling that the text is hardly one of this language: the rest is counted, not told."""

    count: int

    code: ClassVar[str] = "E0113"
    title: ClassVar[str] = "hardly a .space file"
    explanation: ClassVar[str] = """\
After a hundred unknown characters, unclosed strings and malformed numbers the rest is counted, not told one by one.
It was probably another kind of file that was given.

    stdsl check model.onnx           # wrong: not a text
    stdsl check model.space          # right
"""

    @property
    def message(self) -> str:
        return f"{self.count} more unknown characters, unclosed strings or malformed numbers from here on"

    @property
    def help(self) -> str | None:
        return "is this a .space file?"
