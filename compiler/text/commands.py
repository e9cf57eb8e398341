"""Commands for users to copy into a shell."""

from __future__ import annotations

import os
import shlex
from typing import Final

ALLOW_EXTERN: Final = "--allow-extern"


def command(*words: str | os.PathLike[str]) -> str:
    """A command line of these words; what a shell would read otherwise is quoted."""
    return shlex.join(os.fspath(word) for word in words)


def leave(allow_extern: bool) -> tuple[str, ...]:
    """The words that give a call leave to load Python, where it needs that."""
    return (ALLOW_EXTERN,) if allow_extern else ()


def going_on(run: str | os.PathLike[str], allow_extern: bool) -> str:
    """The command that goes on with the run in a directory. ``allow_extern``: whether it was given leave to load
    Python, which is asked for again."""
    return command("stdsl", "run", "--resume", run, *leave(allow_extern))
