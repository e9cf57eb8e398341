"""Samples of several inputs that are read from files: which files belong together."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from stdsl.compiler.datafiles.clip_folders import VIDEOS, clips_in, frame_names
from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.image_folders import ENDINGS, images_in
from stdsl.compiler.datafiles.matched_files import Partners, Sort

from .model import Model

_SORTS = {"image": Sort(ENDINGS, folders=False), "clip": Sort(VIDEOS, folders=True)}


def matched_in(model: Model, folder: Path) -> Iterator[Path]:
    """The samples in a folder: itself, where it has a file for each input, called as that, or is the clip of one; else
    those of the first input in the folder that is called so, or in this one. Raises FileDamaged."""
    names, sort = _said(model)
    own = [_partners(folder, sort).of(name) for name in names]
    if _is_one(folder, sort) or all(path is not None and _is_one(path, sort) for path in own):
        yield folder
        return
    inside = folder / names[0]
    if not inside.is_dir():
        inside = folder
    if inside == folder and _root(Path(os.path.abspath(folder)) / "inside", names) is None:
        raise FileDamaged(folder, f"it has no `{names[0]}`, and {_told(names)}")
    walk = clips_in if sort.folders else images_in
    yield from (Path(path) for path, sample in walk(str(inside)) if sample)


def parts_of(model: Model, path: Path) -> tuple[Path, ...]:
    """The files of a sample, one for each input as the data has them: of a folder with a file for each, or of one of
    these files (as a path below a folder that is called as an input, beside those of the others). Raises ValueError."""
    names, sort = _said(model)
    if not os.path.exists(path):
        raise ValueError(os.strerror(errno.ENOENT))
    path = Path(os.path.abspath(path))
    try:
        if path.is_dir() and not _is_one(path, sort):
            found = {name: _partners(path, sort).of(name) for name in names}
        else:
            folder = _root(path, names)
            if folder is None:
                raise ValueError(_told(names))
            within = str(path.relative_to(folder))
            found = {name: _partners(folder.parent / name, sort).of(within) for name in names}
    except FileDamaged as fault:
        raise ValueError(str(fault)) from fault
    absent = [name for name, own in found.items() if own is None]
    if absent:
        raise ValueError(f"`{absent[0]}` has nothing with this path")
    return tuple(own for own in found.values() if own is not None)


def _root(path: Path, names: tuple[str, ...]) -> Path | None:
    """The nearest folder around ``path`` that is called as an input, beside those of the others."""
    beside = (folder for folder in path.parents if folder.name in names)
    return next((folder for folder in beside if all(os.path.isdir(folder.parent / name) for name in names)), None)


def _told(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name}`" for name in names)
    return f"it is in no folder that is called as an input, beside those of the others: {shown}"


def _said(model: Model) -> tuple[tuple[str, ...], Sort]:
    assert model.preparation is not None, "who asks knows that files are read"
    return tuple(model.preparation["inputs"]), _SORTS[model.preparation["kind"]]


def _is_one(path: Path, sort: Sort) -> bool:
    """Whether a path is a sample of one input: a file, or a folder of frames."""
    return not path.is_dir() or (sort.folders and bool(frame_names(path)))


@lru_cache(maxsize=64)
def _partners(base: Path, sort: Sort) -> Partners:
    return Partners(base, sort)
