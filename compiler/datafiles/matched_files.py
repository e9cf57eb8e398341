"""Samples of several inputs: a folder for each, in which what belongs together has the same path but for its ending."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from ..record import record
from ..text.reading import reason_of, scanned
from .class_folders import ClassFolders, ending
from .faults import FileDamaged
from .listed_files import ListedFiles
from .splits import TRAIN

_LOOKED_FOR = 100
"""So many of the first samples are looked for in the folder of each input before all are taken to be there."""


@record
class Sort:
    """What the samples of an input are. ``endings``: of their files, in small letters; ``folders``: whether a folder
    may be one."""

    endings: frozenset[str]
    folders: bool

    def bare(self, path: str) -> str:
        """A path without the ending of a sample, by which it is known among the inputs."""
        return path[: -len(ending(path))] if ending(path) in self.endings else path


class Partners:
    """What an input has, by the paths of another. Each folder is listed once."""

    def __init__(self, base: Path, sort: Sort) -> None:
        self.base, self._sort = base, sort
        self._listed: dict[str, dict[str, list[str]]] = {}

    def of(self, path: str) -> Path | None:
        """What has the path of a sample of another input, but for the ending; None where nothing has. Raises
        FileDamaged where two have, or the folder cannot be read."""
        folder, name = os.path.split(path)
        if folder not in self._listed:
            self._listed[folder] = self._names(folder)
        found = self._listed[folder].get(self._sort.bare(name), [])
        if len(found) > 1:
            reason = f"it has `{found[0]}` and `{found[1]}`, and which of them belongs to `{path}` of another input"
            raise FileDamaged(self.base / folder, f"{reason} is not clear; delete one")
        return self.base / folder / found[0] if found else None

    def _names(self, folder: str) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        try:
            # A link in a circle is no folder, and no reason not to read the others.
            inside = sorted((entry.name, os.path.isdir(entry.path)) for entry in scanned(self.base / folder))
        except (FileNotFoundError, NotADirectoryError):
            return names
        except OSError as error:
            raise FileDamaged(self.base / folder, reason_of(error)) from error
        for name, is_folder in inside:
            if not name.startswith(".") and (self._sort.folders if is_folder else ending(name) in self._sort.endings):
                names.setdefault(self._sort.bare(name), []).append(name)
        return names


@record
class MatchedFiles:
    """``names``: of the inputs. ``first``: the samples of the first of them, which are those of all. ``parts``: those
    of the others, where these are told by folders, and not by a list. ``partners``: what the others have, by split."""

    root: Path
    names: tuple[str, ...]
    first: ClassFolders | ListedFiles
    parts: tuple[ClassFolders, ...]
    partners: Mapping[str, tuple[Partners, ...]]
    sort: Sort

    @property
    def classes(self) -> tuple[str, ...]:
        return self.first.classes

    @property
    def sets(self) -> Mapping[str, Sequence[tuple[int, ...]]] | None:
        """The labels that apply to each file, as those of a list."""
        return self.first.sets

    @property
    def splits(self) -> Mapping[str, Path]:
        """What the paths of the first input start from."""
        return self.first.splits

    def samples(self, split: str, label: int) -> Iterator[str]:
        """The files of a class, by their paths in the first input. Raises FileDamaged where two are alike but for what
        they end in."""
        seen: dict[str, str] = {}
        for path in self.first.samples(split, label):
            other = seen.setdefault(self.sort.bare(path), path)
            if other != path and len(self.names) > 1:
                reason = f"it has `{other}` and `{path}`, and to which of them files of other inputs belong"
                raise FileDamaged(self.splits[split], f"{reason} is not clear; delete one")
            yield path

    def beside(self, split: str, path: str) -> tuple[Path | None, ...]:
        """What belongs to a sample in the other inputs; None where one has nothing. Raises FileDamaged."""
        return tuple(own.of(path) for own in self.partners[split])

    def others(self) -> Iterator[str]:
        """The files of classes that are no samples by their names."""
        for part in (self.first, *self.parts):
            yield from part.others()

    def alone(self) -> Iterator[tuple[str, str]]:
        """The samples of other inputs that the first has not, with the input."""
        for name, part in zip(self.names[1:], self.parts, strict=False):
            for split in part.splits:
                for label in range(len(part.classes)):
                    known = {self.sort.bare(path) for path in self.first.samples(split, label)}
                    own = part.samples(split, label)
                    yield from ((name, path) for path in own if self.sort.bare(path) not in known)

    def counts(self, split: str, limit: int) -> dict[int, int] | None:
        """How many samples each class has; None where all classes together have more than ``limit``."""
        return self.first.counts(split, limit)

    def miscounted(self, classes: int) -> FileDamaged:
        """That it has another number of classes."""
        return self.first.miscounted(classes)

    def check(self) -> None:
        """Raises FileDamaged where an input has none of the first samples to train on."""
        samples = (path for label in range(len(self.classes)) for path in self.first.samples(TRAIN, label))
        first = list(islice(samples, _LOOKED_FOR))
        for own in self.partners[TRAIN]:
            if first and not any(own.of(path) for path in first):
                reason = f"`{first[0]}` of `{self.names[0]}`, and those behind it, are not in it"
                advice = "what belongs together has the same path in the folder of each input, but for what it ends in"
                raise FileDamaged(own.base, f"{reason}; {advice}")


def matched_folders(
    root: Path, names: tuple[str, ...], read: Callable[[Path], ClassFolders], sort: Sort
) -> MatchedFiles:
    """Inputs in a folder each, with the same splits and classes. ``read``: what tells those of a folder. Raises
    FilesAbsent and FileDamaged."""
    first, *others = (read(root / name) for name in names)
    for name, other in zip(names[1:], others, strict=True):
        if set(other.splits) != set(first.splits):
            shown = " and ".join(", ".join(sorted(own.splits)) for own in (other, first))
            raise FileDamaged(root / name, f"it and `{names[0]}` have other splits: {shown}")
        strange = sorted(set(other.folders) ^ set(first.folders))
        if strange:
            has, lacks = (name, names[0]) if strange[0] in other.folders else (names[0], name)
            raise FileDamaged(root / lacks, f"it has no class `{strange[0]}`, and `{has}` has")
    partners = {split: tuple(Partners(other.splits[split], sort) for other in others) for split in first.splits}
    return MatchedFiles(root, names, first, tuple(others), partners, sort)


def matched_list(root: Path, names: tuple[str, ...], first: ListedFiles, sort: Sort) -> MatchedFiles:
    """Inputs in a folder each, whose files a list names by their paths in that of the first."""
    partners = {split: tuple(Partners(root / name, sort) for name in names[1:]) for split in first.splits}
    return MatchedFiles(root, names, first, (), partners, sort)
