"""What the library's files declare, with the comments that stand above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.lexer import lex
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.semantics.modules import library_names, library_source
from stdsl.reference.samples import Sample, sample


@dataclass(frozen=True, slots=True)
class ParameterOf:
    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True)
class AlternativeOf:
    """One alternative of a set of operations."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DeclarationEntry:
    kind: str
    name: str
    signature: str
    doc: str
    heading: str
    """The title of the part of the file that it stands in (`# ---- title`), if it has parts."""
    parameters: tuple[ParameterOf, ...]
    inputs: str
    alternatives: tuple[AlternativeOf, ...]
    where: tuple[str, ...]
    text: str
    sample: Sample | None


@dataclass(frozen=True, slots=True)
class ModuleEntry:
    name: str
    doc: str
    declarations: tuple[DeclarationEntry, ...]


@cache
def library() -> tuple[ModuleEntry, ...]:
    """The library's files: the prelude, the other files of `std`, then the published systems."""
    names = sorted(library_names(), key=lambda n: (n != "std.prelude", not n.startswith("std."), n))
    return tuple(_module(name) for name in names)


def _module(name: str) -> ModuleEntry:
    source = library_source(name)
    assert source is not None
    file = parse(source, Sink())
    notes = _Notes(source)
    entries: list[DeclarationEntry] = []
    previous: ast.Declaration | None = None
    doc = ""
    for declaration in file.declarations:
        own = notes.above(declaration)
        # A comment is about all declarations below it that no empty line parts.
        follows = previous is not None and notes.last_line(previous) + 1 == notes.first_line(declaration)
        doc = doc if follows and not own else own
        entries.append(_entry(name, declaration, doc, notes.heading(declaration)))
        previous = declaration
    return ModuleEntry(name, notes.opening(), tuple(entries))


class _Notes:
    """The comments of a file that stand on lines of their own."""

    def __init__(self, source: Source) -> None:
        self.source = source
        lexed = lex(source, Sink())
        taken = {token.line for token in lexed.tokens}
        self.by_line = {c.line or 0: str(c)[1:].strip() for c in lexed.comments if c.line not in taken}
        self.edition = lexed.tokens[0].line or 1

    def first_line(self, node: ast.Node) -> int:
        return self.source.position(node.span.start).line

    def last_line(self, node: ast.Node) -> int:
        return self.source.position(max(node.span.end - 1, node.span.start)).line

    def above(self, node: ast.Node) -> str:
        """The block of comments right above a declaration, as one text."""
        line = self.first_line(node) - 1
        block: list[str] = []
        while line in self.by_line and not self.by_line[line].startswith("----"):
            block.append(self.by_line[line])
            line -= 1
        return "" if line == self.edition else " ".join(reversed(block))

    def opening(self) -> str:
        """The block of comments right below the edition: what the file is about."""
        line = self.edition + 1
        block: list[str] = []
        while line in self.by_line:
            block.append(self.by_line[line])
            line += 1
        return " ".join(block)

    def heading(self, node: ast.Node) -> str:
        lines = [n for n, words in self.by_line.items() if words.startswith("----") and n < self.first_line(node)]
        return self.by_line[max(lines)].strip("- ") if lines else ""


def _entry(module: str, declaration: ast.Declaration, doc: str, heading: str) -> DeclarationEntry:
    kind, parameters, inputs = _head(declaration)
    listed = tuple(
        ParameterOf(p.name.id, _words(p.type.span) if p.type else "", _words(p.default.span) if p.default else "")
        for p in parameters
    )
    shown = ", ".join(_declared(p) for p in listed)
    name = declaration.name.id
    signature = f"{kind} {name}" + (f"({shown})" if listed else "") + (f" on {inputs}" if inputs else "")
    where = tuple(_words(c.span) for c in declaration.where) if isinstance(declaration, ast.SpaceDecl) else ()
    fixed = isinstance(declaration, ast.OpDecl) and declaration.kind in ("op", "cell")
    return DeclarationEntry(
        kind,
        name,
        signature,
        doc,
        heading,
        listed,
        inputs,
        tuple(_alternatives(declaration)),
        where,
        declaration.span.text,
        sample(module, declaration) if fixed and isinstance(declaration, ast.OpDecl) else None,
    )


def _head(declaration: ast.Declaration) -> tuple[str, Sequence[ast.Parameter], str]:
    """The kind, the parameters and the inputs of a declaration."""
    match declaration:
        case ast.OpDecl(kind=kind, parameters=parameters, inputs=inputs, tied=tied):
            keys = f"({', '.join(k.id for k in tied)})" if tied else ""
            words = kind if tied is None else f"tied{keys} {kind}"
            return words, parameters, ", ".join(_words(i.span) for i in inputs or ())
        case ast.OpsDecl(parameters=parameters):
            return "ops", parameters, ""
        case ast.SpaceDecl(parameters=parameters):
            return "space", parameters, ""
        case ast.StrategyDecl(parameters=parameters):
            return "strategy", parameters, ""
        case ast.ExternDecl(parameters=parameters, inputs=inputs):
            return "extern op", parameters, ", ".join(_words(i.span) for i in inputs)
        case ast.ExternDataDecl(parameters=parameters):
            return "extern data", parameters, ""
        case ast.ExternLossDecl(parameters=parameters):
            return "extern loss", parameters, ""
        case ast.SearchDecl():
            return "search", (), ""
        case _:
            return "let", (), ""


def _alternatives(declaration: ast.Declaration) -> Iterator[AlternativeOf]:
    if isinstance(declaration, ast.OpsDecl) and isinstance(declaration.value, ast.Set):
        for item in declaration.value.items:
            name = item.name.id if item.name is not None else item.value.span.text.partition("(")[0]
            yield AlternativeOf(name, _words(item.value.span))


def _declared(parameter: ParameterOf) -> str:
    typed = f"{parameter.name}: {parameter.type}" if parameter.type else parameter.name
    return f"{typed} = {parameter.default}" if parameter.default else typed


def _words(span: Span) -> str:
    """A text of the file on one line."""
    return " ".join(span.text.split())
