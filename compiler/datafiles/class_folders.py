"""A folder a class of samples: the classes, and which files are of which split. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ..record import record
from ..text.reading import reason_of
from .faults import FileDamaged, FilesAbsent
from .linked_folders import check_apart, folders_in
from .splits import TRAIN, named_splits

Walk = Callable[[str, str], Iterator[tuple[str, bool]]]
"""What is in the folder of a class, in the order of the names: paths, and whether each is a sample or is left out. The
second is the folder of all classes."""


@record
class ClassFolders:
    """``splits``: for `train` and those of `valid` and `test` that are given, the folder. Classes are the folders in
    that of `train`, in the order of their names."""

    root: Path
    folders: tuple[str, ...]
    splits: Mapping[str, Path]
    walk: Walk

    @property
    def sets(self) -> None:
        """A file in the folder of a class is of that class alone."""
        return None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; of those that are no text, as :func:`told_apart` has them."""
        return told_apart(map(os.fsencode, self.folders))

    def samples(self, split: str, label: int) -> Iterator[str]:
        """The samples of a class, relative to the folder of the split, in the order of their names."""
        base = self.splits[split]
        for path, sample in self._walked(split, label):
            if sample:
                yield os.path.relpath(path, base)

    def others(self) -> Iterator[str]:
        """The files of classes that are no samples by their names."""
        for split in self.splits:
            for label in range(len(self.folders)):
                yield from (path for path, sample in self._walked(split, label) if not sample)

    def counts(self, split: str, limit: int) -> dict[int, int] | None:
        """How many samples each class has; None where all classes together have more than ``limit``."""
        counts = dict.fromkeys(range(len(self.folders)), 0)
        for label in counts:
            for _ in self.samples(split, label):
                counts[label] += 1
                limit -= 1
                if limit < 0:
                    return None
        return counts

    def miscounted(self, classes: int) -> FileDamaged:
        """That it has another number of classes."""
        fault = f"it has {len(self.folders)} folders, and `classes` is {classes}"
        return FileDamaged(self.splits[TRAIN], fault, "classes")

    def _walked(self, split: str, label: int) -> Iterator[tuple[str, bool]]:
        return self.walk(os.path.join(self.splits[split], self.folders[label]), str(self.splits[split]))


def class_folders(root: Path, walk: Walk) -> ClassFolders:
    """The classes and splits of a folder: `train/CLASS/…` beside `val/CLASS/…` and `test/CLASS/…`, or `CLASS/…` alone.
    Raises FilesAbsent and FileDamaged."""
    try:
        inside = folders_in(root)
        names = named_splits([name for name in inside if name in ("train", "valid", "val", "test")], root)
        splits = {split: root / name for split, name in names.items()} if TRAIN in names else {TRAIN: root}
        folders = {split: folders_in(path) for split, path in splits.items()}
    except FileNotFoundError:
        hint = "put a folder for each class there; relative paths start from the folder of the .space file"
        raise FilesAbsent(root.parent, (root.name,), hint) from None
    except OSError as error:
        raise FileDamaged(root, reason_of(error)) from error
    if not folders[TRAIN]:
        raise FileDamaged(splits[TRAIN], "it holds no folders, and each class has one")
    for split, own in folders.items():
        new = [name for name in own if name not in folders[TRAIN]]
        if new:
            raise FileDamaged(splits[split], f"it has the class `{new[0]}`, and {splits[TRAIN].name} has not")
    for split, own in folders.items():
        check_apart(splits[split], own)
    return ClassFolders(root, tuple(folders[TRAIN]), splits, walk)


def told_apart(names: Iterable[bytes]) -> tuple[str, ...]:
    """Different names as different texts: a byte that is no text is `\\xff`, with another backslash where something is
    called so."""
    known = list(names)
    found = [name.decode(errors="ignore") for name in known]
    taken = {text for text, name in zip(found, known, strict=True) if text.encode() == name}
    for place, name in enumerate(known):
        if found[place].encode() != name:
            text = name.decode(errors="backslashreplace")
            while text in taken:
                text = f"\\{text}"
            taken.add(text)
            found[place] = text
    return tuple(found)


def ending(name: str) -> str:
    """What a name ends in, in small letters: `.png`."""
    return os.path.splitext(name)[1].lower()
