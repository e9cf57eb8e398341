"""Commands on a run as its result keeps them, wherever its directory is going to be, and as they are typed there.

In the file the directory is called `RUN`, and other files have their whole paths; who shows a command puts in where the
directory is now, and writes what is below the current folder from there.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from .commands import command

RUN: Final = "RUN"
"""What the directory of the run is called in the file."""
_NAME: Final = 2
"""So many words of a command are its name, `stdsl show`, whatever the directory is called."""
Word: TypeAlias = str | Path
"""Of a command: a path is a place in the directory of the run, or of one beside it; a text is anything else."""


def as_kept(words: Sequence[Word], run: Path) -> str:
    """A command on the run in the directory ``run``."""
    own = os.path.abspath(run)
    return command(*(Path(RUN, os.path.relpath(word, own)) if isinstance(word, Path) else word for word in words))


def as_typed(commands: Sequence[str], run: Path, text: Path) -> tuple[str, ...]:
    """The commands of a result whose directory is ``run`` now. ``text``: the copy in it of the file that the run was
    made from, which is named where that is gone. Older versions kept the path that the directory had then: it is what
    the first command, `stdsl show RUN …`, calls it."""
    try:
        lines = [shlex.split(line) for line in commands]
    except ValueError:  # nothing of ours
        return tuple(commands)
    called = lines[0][_NAME] if lines and lines[0][:_NAME] == ["stdsl", "show"] and len(lines[0]) > _NAME else RUN
    return tuple(
        command(*line[:_NAME], *(_standing(word, called, run) or typed(word, text) for word in line[_NAME:]))
        for line in lines
    )


def typed(word: str, text: Path | None = None) -> str:
    """A word of a command as one would type it here: the whole path of a file (`/home/…/a.space::small`) as what it is
    below the current folder. ``text``: named in its place where it is gone."""
    path, *name = word.split("::", 1)
    if not os.path.isabs(path):
        return word
    if text is not None and name and not os.path.exists(path) and os.path.exists(text):
        return "::".join((os.fspath(text), *name))
    relative = os.path.relpath(path)
    return word if relative.startswith(os.pardir) else "::".join((relative, *name))


def _standing(word: str, called: str, run: Path) -> str | None:
    """A word that is a place of the run as it stands now; None for others."""
    if word == called:
        return os.fspath(run)
    if not word.startswith(f"{called}/"):
        return None
    place = word.removeprefix(f"{called}/")
    return os.path.normpath(run / place) if place.startswith(os.pardir) else os.fspath(run / place)
