"""A folder a class of clips: videos, and folders of frames."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from .class_folders import ClassFolders, class_folders, ending
from .faults import FileDamaged
from .image_folders import ENDINGS as IMAGES
from .linked_folders import walked

VIDEOS = frozenset({".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ts"})
"""What names of videos end in, in small letters."""


def clip_folders(root: Path) -> ClassFolders:
    """The clips of `train/CLASS/…` beside `val/CLASS/…` and `test/CLASS/…`, or of `CLASS/…` alone. A clip is a video,
    or a folder that holds images. Raises FilesAbsent and FileDamaged, also where images lie as if each were a clip."""
    found = class_folders(root, clips_in)
    for split, base in found.splits.items():
        for label, folder in enumerate(found.folders):
            if next(found.samples(split, label), None) is None:
                _check_loose(base / folder)
    return found


def frame_names(folder: Path) -> tuple[str, ...]:
    """The frames of a clip in their order: numbers in names by their size, so that `9` is before `10`."""
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if ending(e.name) in IMAGES and not e.name.startswith(".")]
    return tuple(sorted(names, key=_by_number))


def numbered_apart(names: Iterable[str]) -> tuple[str, ...]:
    """The series that names of frames are of, `flow_*.jpg` and `img_*.jpg`, where several have numbers of their own:
    what lies in one folder is taken for the frames of one clip."""
    series = Counter(re.sub(r"\d+", "*", name) for name in names)
    found = tuple(sorted(own for own, count in series.items() if count > 1 and "*" in own))
    return found if len(found) > 1 else ()


def clips_in(root: str, base: str | None = None) -> Iterator[tuple[str, bool]]:
    """All in a folder, in the order of the names: whether each is a clip. ``base``: as of :func:`walked`."""
    for folder, names, left in walked(root, base):
        images = [name for name in names if ending(name) in IMAGES]
        if images and folder != root:
            yield folder, True
        else:
            yield from ((os.path.join(folder, name), False) for name in images)
        for name in names:
            if ending(name) not in IMAGES:
                yield os.path.join(folder, name), ending(name) in VIDEOS
        yield from ((os.path.join(folder, name), False) for name in left)


def _check_loose(folder: Path) -> None:
    """Raises FileDamaged for a class without a clip that has images."""
    for path, _ in clips_in(str(folder)):
        if ending(path) in IMAGES and not os.path.isdir(path):
            reason = f"`{os.path.basename(path)}` lies in it, and the frames of each clip have a folder of their own"
            raise FileDamaged(folder, f"{reason}: {folder.name}/CLIP/0001.png")


def _by_number(name: str) -> tuple[list[tuple[str, int]], str]:
    parts = re.findall(r"(\D*)(\d*)", name, re.ASCII)
    return [(text, int(digits or -1)) for text, digits in parts], name
