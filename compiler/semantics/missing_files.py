"""What to say of files that are not there, or cannot be read: what may have been meant, as it would be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..diagnostics.names import MissingFile, UnreadableFile, nearest
from ..diagnostics.source import Span
from ..text.reading import reason_of


def not_imported(asked: Span, path: Path, shown: str, library: Sequence[str]) -> MissingFile:
    """A file that a `use` names in quotes, which is at ``asked``."""
    written = asked.text.strip('"')
    bare = written.removesuffix(".space").replace("/", ".")
    near = _near(written, _beside(path, written), ())
    advice = f'did you mean `"{near}"`?' if near else None
    if bare in library:
        advice = f"what is in the library stands without quotes: `use {bare} (…)`"
    return MissingFile(asked, f'"{written}"', shown, (), advice)


def not_in_library(asked: Span | None, name: str, library: Sequence[str]) -> MissingFile:
    """A module that a `use` names without quotes."""
    importing = asked.source.path if asked is not None else None
    file = f"{name.replace('.', '/')}.space"
    advice = None
    if importing is not None and os.path.isfile(importing.parent / file):
        advice = f'a file stands in quotes: `use "{file}" (…)`'
    elif f"std.{name}" in library:
        advice = f"did you mean `std.{name}`?"
    return MissingFile(asked, name, "", tuple(library), advice)


def not_named(target: str, library: Sequence[str]) -> MissingFile:
    """A file that a command or a call names, which may be one of the library."""
    known = _beside(Path(target), target)
    near = _near(target, known, library)
    if near is not None:
        advice = f"did you mean `{near}`?"
    elif known:
        folder = str(Path(target).parent)
        advice = f"{'this folder' if folder == '.' else folder} has {_several(known)}"
    else:
        names = ", ".join(name for name in library if "." not in name)
        advice = "check the path" + (f"; files of the library are named without one: {names}" if names else "")
    return MissingFile(None, target, target, (), advice)


def not_read(asked: Span | None, shown: str, path: Path, error: OSError | UnicodeDecodeError) -> UnreadableFile:
    """A file that is there."""
    reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else reason_of(error)
    inside = _beside(path / "…", "") if os.path.isdir(path) else ()
    advice = f"name a file in it: {_several(inside)}" if inside else None
    return UnreadableFile(asked, shown, f"{reason[:1].lower()}{reason[1:]}", advice)


def _several(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def _near(written: str, files: Sequence[str], library: Sequence[str]) -> str | None:
    """The file, or the one of the library, that is probably meant; what names end in says nothing."""
    if f"{written}.space" in files:
        return f"{written}.space"
    stems = {name.removesuffix(".space"): name for name in files}
    # A name as it stands first: `std.video` ends in nothing.
    for stem in dict.fromkeys((written.removesuffix(".space"), str(Path(written).with_suffix("")))):
        if Path(stem).name in library:
            return Path(stem).name
        found = nearest(stem, (*stems, *library))
        if found:
            return stems.get(found, found)
    return None


def _beside(path: Path, written: str) -> tuple[str, ...]:
    """The spaces in the folder in which a file was looked for, named as the one that is not there."""
    folder = path.parent
    if not os.path.isdir(folder):
        return ()
    before = written[: len(written) - len(Path(written).name)]
    return tuple(f"{before}{name}" for name in sorted(p.name for p in folder.glob("*.space")))
