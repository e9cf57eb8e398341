"""The texts that a run is made from: gathering them into its directory, and reading them back from there.

A resumed run must not see what became of a file, or of the library, since it was started.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from stdsl.compiler.diagnostics.model import RunError, Sink
from stdsl.compiler.diagnostics.run_files import RunTextsChanged
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.schemas.data import Found
from stdsl.compiler.semantics.modules import Loader, Module, library_source

from ..tracking.files import read_bytes
from ..tracking.manifest import Manifest

_SUFFIX = ".space"
_LIBRARY = "library"
"""The folder of the library's files among the texts of a run."""


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
        return self.own_folder or Path.cwd()

    @property
    def own_folder(self) -> Path | None:
        """The folder of the run's own text, where code beside it may be looked for; None of a text of the library."""
        origin = self.origins.get(self.main)
        return Path(origin).parent if origin else None


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
    if any(place.split("/")[0].casefold() == _LIBRARY for place in places.values()):
        places = {path: f"own/{place}" for path, place in places.items()}
    texts |= {places[path]: text for path, text in own.items()}
    origins = {place: str(path) for path, place in places.items()}
    return Texts(places[_path(module.source)], texts, origins)


def library_name(place: str) -> str:
    """What commands call the library file that stands at a place under ``space/``: `std.video`."""
    return place.removeprefix(f"{_LIBRARY}/").removesuffix(_SUFFIX).replace("/", ".")


def file_of(texts: Texts) -> str:
    """The file that texts were made from, or the name of one of the library, as commands take it."""
    return texts.origins.get(texts.main) or library_name(texts.main)


def checksum(text: str) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def kept(folder: Path, manifest: Manifest) -> Texts:
    """The texts in the ``space/`` of a run. Raises RunError where they are not those that it was started with."""
    files = sorted(path for path in folder.rglob("*") if os.path.isfile(path) and path.suffix == _SUFFIX)
    there = {str(PurePosixPath(path.relative_to(folder))) for path in files}
    texts: dict[str, str] = {}
    changes: list[str] = []
    for place in manifest.texts or {*there, *manifest.origins, manifest.file}:  # older runs have no checksums
        try:
            texts[place] = read_bytes(folder / place).decode()
        except FileNotFoundError:
            changes.append(f"{place} is gone")
        except UnicodeDecodeError:
            changes.append(f"{place} is no text")
        else:
            if manifest.texts and checksum(texts[place]) != manifest.texts[place]:
                changes.append(f"{place} is another text")
    changes += [f"{place} is new" for place in sorted(there - set(manifest.texts or there))]
    if changes:
        raise RunError([RunTextsChanged(None, str(folder), tuple(changes))])
    return Texts(manifest.file, texts, dict(manifest.origins))


class KeptLoader(Loader):
    """Reads copies in a run directory in place of the files and the library that they were made from.

    Files keep the paths that they came from, so that what they name beside text (data, weights) is found where it was.
    ``folder``: where the copies are.
    """

    def __init__(
        self,
        sink: Sink,
        folder: Path,
        texts: Texts,
        allow_extern: bool = False,
        data_kept: Mapping[str, Found] | None = None,
    ) -> None:
        super().__init__(sink, allow_extern, data_kept)
        self._folder, self._texts = folder, texts
        self._places = {origin: place for place, origin in texts.origins.items()}

    def main(self) -> Module | None:
        """The module of the run's own text."""
        origin = self._texts.origins.get(self._texts.main)
        if origin is not None:
            return self.file(Path(origin))
        name = self._texts.main.removeprefix(f"{_LIBRARY}/").removesuffix(_SUFFIX)
        return self.from_library(name.replace("/", "."))

    def file(self, path: Path, name: str | None = None, asked: Span | None = None) -> Module | None:
        spelled = (str(path), os.path.normpath(path), str(path.resolve()))
        origin = next((p for p in spelled if p in self._places), None)
        if origin is None:  # never the file as it is now
            raise RunError([RunTextsChanged(None, str(self._folder), (f"{path} is not among them",))])
        text = self._texts.texts[self._places[origin]]
        return self.source(Source(name or origin, text, Path(origin)), origin)

    def from_library(self, name: str, asked: Span | None = None) -> Module | None:
        place = _library_place(name)
        text = self._texts.texts.get(place)
        if text is None:
            return super().from_library(name, asked)
        return self.source(Source(name, text, self._folder / place), f"library:{name}")


def _path(source: Source) -> Path:
    """Where a text lies, or would lie (standard input)."""
    return source.path or Path.cwd() / "input.space"


def _is_library(source: Source) -> bool:
    found = library_source(source.name)
    return found is not None and found.path == source.path


def _library_place(name: str) -> str:
    return f"{_LIBRARY}/{name.replace('.', '/')}{_SUFFIX}"
