"""Folders and what is in them where some are links: all are followed, and no folder is read twice."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..text.reading import reason_of, scanned
from .faults import FileDamaged


def folders_in(path: Path) -> list[str]:
    """The names of the folders in one, links to folders among them, but for what is hidden. Raises OSError where it
    cannot be listed, and FileDamaged for a link that leads nowhere: what is meant may be a folder."""
    found = [entry for entry in scanned(path) if not entry.name.startswith(".")]
    for entry in found:
        if entry.is_symlink():
            try:
                os.stat(entry.path)
            except OSError as error:
                target = os.readlink(entry.path)
                raise FileDamaged(Path(entry.path), f"it is a link to `{target}`: {reason_of(error)}") from error
    return sorted(entry.name for entry in found if entry.is_dir())


def check_apart(base: Path, names: Sequence[str]) -> None:
    """Raises FileDamaged where, by links, folders in ``base`` are in each other, or around it: what is in both would be
    counted twice."""
    linked = [name for name in names if os.path.islink(base / name)]
    if not linked:
        return
    home, real = os.path.realpath(base), {name: os.path.realpath(base / name) for name in names}
    for name in linked:
        if _within(home, real[name]):
            raise FileDamaged(base / name, "it is a link to a folder that it lies in")
        for other, place in real.items():
            if other != name and (_within(real[name], place) or _within(place, real[name])):
                raise FileDamaged(base / name, f"it is a link into the folder of `{other}`, and a file has one class")


def walked(root: str, base: str | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and all in it, in the order of the names, but for what is hidden: of each the names of its files, and of
    the links in it that are not followed, to folders that are read otherwise. Those are the folders in ``base`` (none:
    in ``root``), those around the link, and those that are read already. Raises FileDamaged."""
    home = os.path.realpath(root if base is None else base)
    real = {root: os.path.realpath(root)}
    seen = set(real.values())
    for folder, inner, names in os.walk(root, onerror=_refused, followlinks=True):
        kept, left = [], []
        for name in sorted(name for name in inner if not name.startswith(".")):
            path = os.path.join(folder, name)
            linked = os.path.islink(path)
            place = os.path.realpath(path) if linked else os.path.join(real[folder], name)
            if place in seen or (linked and (_within(place, home) or _within(real[folder], place))):
                left.append(name)
                continue
            real[path] = place
            seen.add(place)
            kept.append(name)
        inner[:] = kept
        yield folder, sorted(name for name in names if not name.startswith(".")), left


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(os.path.join(outer, ""))


def _refused(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return  # a class that this split has no samples of
    raise FileDamaged(Path(error.filename), reason_of(error)) from error
