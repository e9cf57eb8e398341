"""Files and what they import: names of declarations, library modules, cycles."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any

from ..diagnostics.model import Sink
from ..diagnostics.names import DuplicateName, ImportCycle, NotInModule, UnreadableFile
from ..diagnostics.source import Source, Span
from ..frontend import ast
from ..frontend.parser import parse
from ..record import record
from ..text.packaged import packaged
from ..text.reading import read_file, reason_of, resolved
from .missing_files import not_imported, not_in_library, not_named, not_read

_LIBRARY = packaged("stdsl.spaces")
_LIBRARY_KEY = "library:"


@record(eq=False, frozen=False)
class Module:
    """One parsed file with its imports resolved. ``prelude`` holds the names that every file sees."""

    source: Source
    file: ast.File
    name: str
    declarations: dict[str, ast.Declaration] = field(default_factory=dict)
    imports: dict[str, tuple[Module, str]] = field(default_factory=dict)
    import_spans: dict[str, Span] = field(default_factory=dict)
    prelude: Module | None = None
    lost: frozenset[str] = frozenset()
    """Names of declarations and imports that syntax errors hide: using them is not a second mistake."""
    allow_extern: bool = False
    """Whether the code of extern operators may be loaded."""
    data_kept: Mapping[str, Any] = field(default_factory=dict)
    """By the name of a search, what was found in the files of its data when a run that is gone on with was started."""
    library: bool = False
    """Whether it is a file of the library, which was checked before it was published."""
    undefined: set[Span] = field(default_factory=set)
    """Where names stand that mean nothing, which was said."""
    constants: dict[str, Any] = field(default_factory=dict)
    """Values of `let`s, filled by the elaborator as they are asked for."""

    def lookup(self, name: str) -> tuple[ast.Declaration, Module] | None:
        """The declaration that ``name`` means here, with the module that declares it."""
        found = self.declarations.get(name)
        if found is not None:
            return found, self
        imported = self.imports.get(name)
        if imported is not None:
            return imported[0].lookup(imported[1])
        if self.prelude is not None:
            found = self.prelude.declarations.get(name)
            if found is not None:
                return found, self.prelude
        return None

    def names(self) -> tuple[str, ...]:
        """All names that can be used here, but for the built-in ones."""
        prelude = self.prelude.declarations if self.prelude else {}
        return (*self.declarations, *self.imports, *prelude)

    def of_kind(self, kind: type[ast.Declaration]) -> tuple[ast.Declaration, ...]:
        """The declarations of this file of one kind, in order."""
        return tuple(d for d in self.declarations.values() if isinstance(d, kind))

    def closure(self) -> Iterator[Module]:
        """This module and all that it imports, each once, imports first."""
        seen: set[int] = set()

        def visit(module: Module) -> Iterator[Module]:
            if id(module) in seen:
                return
            seen.add(id(module))
            if module.prelude:
                yield from visit(module.prelude)
            for imported, _ in module.imports.values():
                yield from visit(imported)
            yield module

        return visit(self)


@cache
def library_names() -> tuple[str, ...]:
    """The names of all library files: `darts`, `std.image`, …"""
    found = [p.name.removesuffix(".space") for p in _LIBRARY.iterdir() if p.name.endswith(".space")]
    found += [f"std.{p.name.removesuffix('.space')}" for p in (_LIBRARY / "std").iterdir() if p.name.endswith(".space")]
    return tuple(sorted(found))


def library_home(name: str) -> str | None:
    """The library file that declares ``name``, for a hint."""
    declared = re.compile(rf"^(?:tied\s*(?:\([^)]*\)\s*)?)?(?:op|ops|cell|meta|strategy)\s+{re.escape(name)}\b", re.M)
    for module in library_names():
        source = library_source(module)
        if module.startswith("std.") and source is not None and declared.search(source.text):
            return module
    return None


def library_source(name: str) -> Source | None:
    """The text of a library file by its dotted name, or None if there is none."""
    if name not in library_names():
        return None
    resource = _LIBRARY.joinpath(*name.split(".")[:-1], name.split(".")[-1] + ".space")
    path = Path(str(resource))
    return Source(name, resource.read_text(encoding="utf-8"), path if os.path.isfile(path) else None)


def _beside(module: Module, target: str) -> str | None:
    """What the library calls the file that one of its files names by its path, such as `"darts.space"`; None for what
    is not of the library, or not beside it. So the file is one module however it is named, and a run that is gone on
    with finds it among its texts."""
    match module:
        case Module(library=True) if target.endswith(".space") and "/" not in target:
            package, _, _ = module.source.name.rpartition(".")
            name = target.removesuffix(".space")
            found = f"{package}.{name}" if package else name
            return found if library_source(found) is not None else None
    return None


def _written_names(source: Source) -> Iterator[str]:
    """The names that a text with syntax errors seems to declare and to import."""
    text = re.sub(r'#.*|"[^"\n]*"', '""', source.text)
    declaring = r"extern\s+\w+|let|ops?|cell|meta|space|strategy|search|def|fn|fun|func|function|class|const|var|val"
    yield from re.findall(rf"\b(?:{declaring})\s+([A-Za-z_]\w*)", text)
    for imported in re.finditer(r"^(?:from\b.*)?\bimport\b([\w, ]+)", text, re.MULTILINE):
        yield from re.findall(r"[A-Za-z_]\w*", imported[1])
    yield from re.findall(r"^([A-Za-z_]\w*) *=(?!=)", text, re.MULTILINE)
    for names in re.findall(r"\buse\b[^()]*\(([^()]*)", text):
        yield from (words[-1] for item in names.split(",") if (words := re.findall(r"\w+", item)))


class Loader:
    """Reads files and their imports, each once. What goes wrong lands in the sink; a module always comes back."""

    def __init__(self, sink: Sink, allow_extern: bool = False, data_kept: Mapping[str, Any] | None = None) -> None:
        self.sink, self.allow_extern, self.data_kept = sink, allow_extern, data_kept or {}
        self._modules: dict[str, Module] = {}
        self._loading: list[tuple[str, str]] = []
        self._prelude: Module | None = None

    def file(self, path: Path, name: str | None = None, asked: Span | None = None) -> Module | None:
        """The module of a file, or None with a diagnostic at ``asked``."""
        shown = name or str(path)
        try:
            place = resolved(path)
            if str(place) in self._modules:
                return self._modules[str(place)]
            text = read_file(place).decode().replace("\r\n", "\n").replace("\r", "\n")
        except FileNotFoundError:
            names = library_names()
            self.sink.add(not_imported(asked, path, shown, names) if asked else not_named(shown, names))
            return None
        except (OSError, UnicodeDecodeError) as error:
            self.sink.add(not_read(asked, shown, path, error))
            return None
        return self.source(Source(shown, text, place), str(place))

    def from_library(self, name: str, asked: Span | None = None) -> Module | None:
        """The module of a library file (`std.video`, `darts`), or None with a diagnostic."""
        key = f"{_LIBRARY_KEY}{name}"
        if key in self._modules:
            return self._modules[key]
        source = library_source(name)
        if source is None:
            self.sink.add(not_in_library(asked, name, library_names()))
            return None
        return self.source(source, key)

    def source(self, source: Source, key: str | None = None) -> Module:
        """The module of a text."""
        key = key or f"text:{id(source)}"
        if key in self._modules:
            return self._modules[key]
        self._loading.append((key, source.name))
        mistakes = Sink()
        file = parse(source, mistakes)
        module = Module(source, file, source.name, allow_extern=self.allow_extern, data_kept=self.data_kept)
        module.library = key.startswith(_LIBRARY_KEY)
        self.sink.extend(mistakes.diagnostics)
        self._modules[key] = module
        if key != f"{_LIBRARY_KEY}std.prelude":
            module.prelude = self._load_prelude()
        self._declare(module)
        for use in module.file.uses:
            self._use(module, use)
        if mistakes.errors:
            module.lost = frozenset(_written_names(source)) - {*module.declarations, *module.import_spans}
            module.import_spans.update((name, Span(source, 0, 0)) for name in module.lost)
        self._loading.pop()
        return module

    def _load_prelude(self) -> Module | None:
        if self._prelude is None:
            self._prelude = self.from_library("std.prelude")
        return self._prelude

    def _declare(self, module: Module) -> None:
        for declaration in module.file.declarations:
            name = declaration.name
            first = module.declarations.setdefault(name.id, declaration)
            if first is not declaration:
                self.sink.add(DuplicateName(name.span, name.id, first.name.span))

    def _use(self, module: Module, use: ast.Use) -> None:
        imported = self._target(module, use)
        for item in use.names:
            local = item.alias or item.name
            first = module.import_spans.get(local.id)
            if first is None and local.id in module.declarations:
                first = module.declarations[local.id].name.span
            if first is not None:
                if imported is None and local.id not in module.import_spans:
                    continue  # that it cannot be brought at all was said
                self.sink.add_once(
                    DuplicateName(
                        max(local.span, first, key=lambda s: s.start),
                        local.id,
                        min(local.span, first, key=lambda s: s.start),
                    )
                )
                continue
            module.import_spans[local.id] = local.span
            if imported is None or item.name.id in imported.lost:
                continue
            if imported.lookup(item.name.id) is None or item.name.id in (
                imported.prelude.declarations if imported.prelude else {}
            ):
                known = (*imported.declarations, *imported.imports)
                shown = f'"{use.target}"' if use.quoted else use.target
                self.sink.add(NotInModule(item.name.span, item.name.id, shown, known))
                continue
            module.imports[local.id] = (imported, item.name.id)

    def _target(self, module: Module, use: ast.Use) -> Module | None:
        if not use.quoted:
            return self.from_library(use.target, use.target_span)
        beside = _beside(module, use.target)
        if beside is not None:
            return self.from_library(beside, use.target_span)
        base = module.source.path.parent if module.source.path else Path.cwd()
        shown = str(Path(module.name).parent / use.target) if module.source.path else use.target
        try:
            path = resolved(base / use.target)
        except OSError as error:
            self.sink.add(UnreadableFile(use.target_span, shown, reason_of(error)))
            return None
        keys = [key for key, _ in self._loading]
        if str(path) in keys:
            chain = [name for _, name in self._loading[keys.index(str(path)) :]]
            self.sink.add(ImportCycle(use.target_span, (*chain, chain[0])))
            return None
        return self.file(path, shown, use.target_span)
