"""Names, files and imports."""

from __future__ import annotations

from typing import ClassVar

from ..text.likeness import alike
from .habits import OPERATORS, VALUES, word_advice
from .model import Diagnostic, Edit, Fix, Label, Severity, kind
from .source import Span


def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that ``name`` is most likely a slip of, or None."""
    found = alike(name, known, n=1, cutoff=0.7)
    return found[0] if found else None


def respelt(span: Span | None, name: str, known: tuple[str, ...]) -> Fix | None:
    """The correction of a misspelt name at the start of ``span``; None unless exactly one known name is near."""
    found = alike(name, dict.fromkeys(known), n=2, cutoff=0.7)
    if span is None or len(found) != 1 or not span.text.startswith(name):
        return None
    place = Span(span.source, span.start, span.start + len(name))
    return Fix(f"write `{found[0]}`", (Edit(place, found[0]),))


@kind
class UndefinedName(Diagnostic):
    name: str
    known: tuple[str, ...] = ()
    provider: str | None = None
    """The library file that declares the name, if one does."""
    local: Span | None = None
    """Where an iteration binds the name, for itself alone."""
    unnamed: tuple[str, str] | None = None
    """The head and the look of the body of an operator without named inputs that uses the name as one: `op se(c)`,
    `= …`."""

    code: ClassVar[str] = "E0201"
    title: ClassVar[str] = "undefined name"
    explanation: ClassVar[str] = """\
A name is used that is neither bound in the enclosing block, nor a parameter, nor declared or imported in this
file, nor built in.

    cell block(c) on x { return x -> cnv(c, 3x3) }      # E0201: did you mean `conv`?

Names of the standard library need an import:

    use std.video (conv2plus1d)
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` is not defined"

    @property
    def label(self) -> str:
        return "not found in this scope"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.local, "bound in each iteration for itself"),) if self.local is not None else ()

    @property
    def help(self) -> str:
        if self.local is not None:
            return f"a loop leaves lists behind: `{self.name}[i] = …`, of which `{self.name}[n]` is an element"
        if self._crossed:
            return f"only numbers are joined by `x`; with names in it a tuple is written `{self._crossed}`"
        near = self._meant or (nearest(self.name, self.known) if self.provider is None else None)
        if near:
            return f"did you mean `{near}`?"
        if self.unnamed:
            head, body = self.unnamed
            return f"if it is the input, name it: `{head} on {self.name} {body}`"
        advice = word_advice(self.name)
        if advice is not None and self.provider is None:
            return advice
        if self.provider:
            return f"import it: `use {self.provider} ({self.name})`"
        return "define it in this file, make it a parameter, or import it with `use`"

    @property
    def fix(self) -> Fix | None:
        if self._meant is not None and (self.name in VALUES or self._meant == self.name.lower()):
            return Fix(f"write `{self._meant}`", (Edit(self.span, self._meant),)) if self.span else None
        if self._crossed and self.span is not None:
            return Fix(f"write `{self._crossed}`", (Edit(self.span, self._crossed),))
        if self.provider is not None or self.local is not None:
            return None
        return respelt(self.span, self.name, self.known)

    @property
    def _crossed(self) -> str | None:
        """The tuple that a name such as `kxk` was to be."""
        parts = self.name.split("x")
        fits = len(parts) > 1 and all(p in self.known or p.isdigit() for p in parts)
        return f"({', '.join(parts)})" if fits else None

    @property
    def _meant(self) -> str | None:
        """What another language's word is here."""
        if self.name in VALUES:
            return VALUES[self.name]
        lower = self.name.lower()
        meant = OPERATORS.get(self.name) or (lower if lower != self.name else None)
        return meant if meant in self.known else None


@kind
class DuplicateName(Diagnostic):
    name: str
    first: Span

    code: ClassVar[str] = "E0202"
    title: ClassVar[str] = "duplicate name"
    explanation: ClassVar[str] = """\
Every name is defined once in its scope; there is no mutation.

    y = x -> conv(16, 3x3)
    y = y -> bn                      # E0202

Give the second one a name of its own, or write one pipeline:

    y = x -> conv(16, 3x3) -> bn
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` is defined twice in the same scope"

    @property
    def label(self) -> str:
        return "defined again here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, "first defined here"),) if self.first != self.span else ()

    @property
    def help(self) -> str:
        return "give one of the two another name"


@kind
class NotInModule(Diagnostic):
    name: str
    module: str
    known: tuple[str, ...]

    code: ClassVar[str] = "E0203"
    title: ClassVar[str] = "imported name does not exist"
    explanation: ClassVar[str] = """\
A `use` names something that the file does not declare.

    use std.video (conv21d)          # E0203: `std.video` has no `conv21d`
    use std.video (conv2plus1d)      # fine
"""

    @property
    def message(self) -> str:
        return f"{self.module} has no `{self.name}`"

    @property
    def label(self) -> str:
        return "not declared there"

    @property
    def help(self) -> str:
        near = nearest(self.name, self.known)
        return f"did you mean `{near}`?" if near else f"it declares {', '.join(self.known) or 'nothing'}"


@kind
class MissingFile(Diagnostic):
    target: str
    searched: str
    known: tuple[str, ...] = ()
    """What may have been meant, as it would be written."""
    advice: str | None = None

    code: ClassVar[str] = "E0206"
    title: ClassVar[str] = "file not found"
    explanation: ClassVar[str] = """\
A `use` names a file or a library module that is not there, or a command names a file that cannot be read.

    use "cells.spac" (normal)        # E0206: paths are relative to the importing file
    use std.vidoe (itgm)             # E0206: did you mean `std.video`?

    stdsl check dart                 # E0206: did you mean `darts`?

Files stand in quotes, modules of the library do not; commands take the name of either.
"""

    @property
    def message(self) -> str:
        return f"{self.target} cannot be found"

    @property
    def label(self) -> str:
        return "no such file" if self.searched else "not in the library"

    @property
    def notes(self) -> tuple[str, ...]:
        named = self.target.strip('"')
        return (f"looked for {self.searched}",) if self.searched and self.searched != named else ()

    @property
    def help(self) -> str:
        if self.advice:
            return self.advice
        near = nearest(self.target, self.known)
        if near:
            return f"did you mean `{near}`?"
        if not self.searched:
            return f"the library has {', '.join(self.known)}"
        return "check the path; paths in a `use` are relative to the file that they stand in"


@kind
class UnreadableFile(Diagnostic):
    target: str
    reason: str
    advice: str | None = None

    code: ClassVar[str] = "E0207"
    title: ClassVar[str] = "file cannot be read"
    explanation: ClassVar[str] = """\
A file exists, but cannot be read as text: it is a folder, a pipe or a device, is not permitted, is not UTF-8, or is
larger than 8 MiB.

    use "cells" (normal)             # wrong where `cells` is a folder
    use "cells.space" (normal)       # right
"""

    @property
    def message(self) -> str:
        return f"{self.target} cannot be read: {self.reason}"

    @property
    def help(self) -> str:
        return self.advice or "a .space file is UTF-8 text"


@kind
class ImportCycle(Diagnostic):
    chain: tuple[str, ...]

    code: ClassVar[str] = "E0208"
    title: ClassVar[str] = "import cycle"
    explanation: ClassVar[str] = """\
Files may not import each other in a circle.

    # a.space                        # b.space
    use "b.space" (f)                use "a.space" (g)     # E0208

Move what both need into a third file.
"""

    @property
    def message(self) -> str:
        if len(self.chain) == 2:
            return f"{self.chain[0]} imports itself"
        return f"files import each other in a circle: {' -> '.join(self.chain)}"

    @property
    def label(self) -> str:
        return "this closes the circle" if len(self.chain) > 2 else "the file that it stands in"

    @property
    def help(self) -> str:
        if len(self.chain) == 2:
            return "remove the import: what a file declares is known in all of it"
        return "move what both need into a third file"


@kind
class WrongKindOfName(Diagnostic):
    name: str
    found: str
    wanted: str
    advice: str = ""

    code: ClassVar[str] = "E0209"
    title: ClassVar[str] = "a name of another kind is needed here"
    explanation: ClassVar[str] = """\
A declaration of one kind stands where another kind is needed: a search where a space is wanted, a strategy in
a pipeline.

    space s = my_cell(16)            # E0209: a space is an instance of a meta
    space s = my_meta(width = 16)

    space light = s where flops <= 1M                     # E0209: `s` is a space
    space light = my_meta(width = 16) where flops <= 1M
"""

    @property
    def message(self) -> str:
        return f"`{self.name}` is {self.found}, but {self.wanted} is needed here"

    @property
    def label(self) -> str:
        return f"this is {self.found}"

    @property
    def help(self) -> str:
        return self.advice or f"name {self.wanted}"


@kind
class UnusedName(Diagnostic):
    name: str
    what: str

    code: ClassVar[str] = "W0201"
    title: ClassVar[str] = "unused name"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
An import, or a name bound in a body, is never used. It does no harm, but it is often a slip. A name that
begins with `_` is never warned about.

    cell block(c) on x {
      y = x -> conv(c, 3x3)
      z = y -> bn                    # W0201: `z` is never used
      return y
    }
"""

    @property
    def message(self) -> str:
        return f"{self.what} `{self.name}` is never used"

    @property
    def help(self) -> str:
        return "remove it, or begin its name with `_`"


@kind
class SeedOfALoop(Diagnostic):
    name: str

    code: ClassVar[str] = "W0202"
    title: ClassVar[str] = "a seed where an element may be meant"
    severity: ClassVar[Severity] = Severity.WARNING
    explanation: ClassVar[str] = """\
Lists count from 1. What is bound at 0 seeds a list: `x[0]` can be read, but it is no element, and `x -> sum`
leaves it out. An index that is computed and comes out at 0 is often one that was meant to count from 0.

    for i in 0..3 { x[i] = stem -> conv(8, 3x3) }    # W0202: a seed and three elements
    for i in 1..4 { x[i] = stem -> conv(8, 3x3) }    # four elements

A seed that is meant is written `x[0] = stem` before the loop.
"""

    @property
    def message(self) -> str:
        return f"`{self.name}[0]` is a seed of the list, not an element"

    @property
    def label(self) -> str:
        return "this index comes out at 0"

    @property
    def help(self) -> str:
        return f"lists count from 1: let the index begin there, or write `{self.name}[0] = …` before the loop"
