"""The texts that a run is made from: gathering them into its directory, and reading them back from there.

A resumed run must not see what became of a file, or of the library, since it was started.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.semantics.modules import Loader, Module, library_source

_SUFFIX = ".space"


@dataclass(frozen=True)
class Texts:
    """``texts``: place under ``space/`` → content. ``origins``: where the user's files came from, by place (library
    files have none). ``main``: the place of the run's own text."""

    main: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """What relative paths of settings start from: the folder of the run's own text."""
        origin = self.origins.get(self.main)
        return Path(origin).parent if origin else Path.cwd()


def gather(module: Module) -> Texts:
    """All texts behind a module. The user's files keep their positions relative to each other; library files go to
    ``library/``."""
    texts: dict[str, str] = {}
    own: dict[Path, str] = {}
    for part in module.closure():
        if _is_library(part.source):
            texts[_library_place(part.source.name)] = part.source.text
        else:
            own[_path(part.source)] = part.source.text
    if _is_library(module.source):
        return Texts(_library_place(module.source.name), texts)
    root = Path(os.path.commonpath([path.parent for path in own]))
    places = {path: str(PurePosixPath(path.relative_to(root))) for path in own}
    texts |= {places[path]: text for path, text in own.items()}
    origins = {place: str(path) for path, place in places.items()}
    return Texts(places[_path(module.source)], texts, origins)


def kept(folder: Path, main: str, origins: Mapping[str, str]) -> Texts:
    """The texts in the ``space/`` of a run."""
    files = sorted(folder.rglob(f"*{_SUFFIX}"))
    texts = {str(PurePosixPath(path.relative_to(folder))): path.read_text(encoding="utf-8") for path in files}
    return Texts(main, texts, dict(origins))


class KeptLoader(Loader):
    """Reads copies in a run directory in place of the files and the library that they were made from.

    Files keep the paths that they came from, so that what they name beside text (data, weights) is found where it was.
    """

    def __init__(
        self, sink: Sink, folder: Path, main: str, origins: Mapping[str, str], allow_extern: bool = False
    ) -> None:
        super().__init__(sink, allow_extern)
        self._folder, self._main = folder, main
        self._origins = origins
        self._places = {origin: place for place, origin in origins.items()}

    def main(self) -> Module | None:
        """The module of the run's own text."""
        origin = self._origins.get(self._main)
        if origin is not None:
            return self.file(Path(origin))
        return self.from_library(self._main.removeprefix("library/").removesuffix(_SUFFIX).replace("/", "."))

    def file(self, path: Path, name: str | None = None, asked: Span | None = None) -> Module | None:
        place = self._places.get(str(path))
        if place is None:
            return super().file(path, name, asked)
        text = (self._folder / place).read_text(encoding="utf-8")
        return self.source(Source(name or str(path), text, path), str(path))

    def from_library(self, name: str, asked: Span | None = None) -> Module | None:
        copy = self._folder / _library_place(name)
        if not copy.is_file():
            return super().from_library(name, asked)
        return self.source(Source(name, copy.read_text(encoding="utf-8"), copy), f"library:{name}")


def _path(source: Source) -> Path:
    """Where a text lies, or would lie (standard input)."""
    return source.path or Path.cwd() / "input.space"


def _is_library(source: Source) -> bool:
    found = library_source(source.name)
    return found is not None and found.path == source.path


def _library_place(name: str) -> str:
    return f"library/{name.replace('.', '/')}{_SUFFIX}"
