"""A folder a class of images: the classes, and which files are of which split. No image is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..text.reading import reason_of
from .faults import FileDamaged, FilesAbsent
from .splits import TRAIN, named_splits

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
"""What names of images end in, in small letters."""


@dataclass(frozen=True, slots=True)
class ImageFolders:
    """``splits``: for `train` and those of `valid` and `test` that are given, the folder. Classes are the folders in
    that of `train`, in the order of their names."""

    root: Path
    folders: tuple[str, ...]
    splits: Mapping[str, Path]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; bytes that are no text are shown as such."""
        return tuple(os.fsencode(name).decode(errors="replace") for name in self.folders)

    def images(self, split: str, label: int) -> Iterator[str]:
        """The images of a class, relative to the folder of the split, in the order of their names. Other files, and
        what is hidden, are left out."""
        base = self.splits[split]
        for path in _files(base / self.folders[label]):
            if _is_image(path):
                yield os.path.relpath(path, base)

    def others(self) -> Iterator[str]:
        """The files of classes that are no images by their names."""
        for base in self.splits.values():
            for folder in self.folders:
                yield from (path for path in _files(base / folder) if not _is_image(path))

    def counts(self, split: str, limit: int) -> dict[int, int] | None:
        """How many images each class has; None where all classes together have more than ``limit``."""
        counts = dict.fromkeys(range(len(self.folders)), 0)
        for label in counts:
            for _ in self.images(split, label):
                counts[label] += 1
                limit -= 1
                if limit < 0:
                    return None
        return counts


def image_folders(root: Path) -> ImageFolders:
    """The classes and splits of a folder: `train/CLASS/…` beside `val/CLASS/…` and `test/CLASS/…`, or `CLASS/…` alone.
    Raises FilesAbsent and FileDamaged."""
    try:
        inside = _folders(root)
        names = named_splits([name for name in inside if name in ("train", "valid", "val", "test")], root)
        splits = {split: root / name for split, name in names.items()} if TRAIN in names else {TRAIN: root}
        folders = {split: _folders(path) for split, path in splits.items()}
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
    return ImageFolders(root, tuple(folders[TRAIN]), splits)


def _files(root: Path) -> Iterator[str]:
    """All files in a folder and those in it, in the order of their names, but for what is hidden."""
    for folder, inner, names in os.walk(root, onerror=_refused):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(names) if not name.startswith("."))


def _is_image(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in ENDINGS


def _folders(path: Path) -> list[str]:
    with os.scandir(path) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _refused(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return  # a class that this split has no images of
    raise FileDamaged(Path(error.filename), reason_of(error)) from error
