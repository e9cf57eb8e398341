"""Commands for users to copy into a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from typing import Final

from .quoting import json_text

ALLOW_EXTERN: Final = "--allow-extern"


def command(*words: str | os.PathLike[str]) -> str:
    """A command line of these words; what a shell would read otherwise is quoted."""
    return shlex.join(os.fspath(word) for word in words)


def leave(allow_extern: bool) -> tuple[str, ...]:
    """The words that give a call leave to load Python, where it needs that."""
    return (ALLOW_EXTERN,) if allow_extern else ()


def texts(values: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Parameters of a space as `-p` takes their values, as far as the language can write them there."""
    return {name: json_text(value) for name, value in values if isinstance(value, (bool, int, float, str))}


def parameters(values: Iterable[tuple[str, object]]) -> list[str]:
    """The words that give a command these parameters of a space, as far as the language can write them there."""
    return [word for name, text in texts(values).items() for word in ("-p", f"{name}={text}")]


def going_on(run: str | os.PathLike[str], allow_extern: bool) -> str:
    """The command that goes on with the run in a directory. ``allow_extern``: whether it was given leave to load
    Python, which is asked for again."""
    return command("stdsl", "run", "--resume", run, *leave(allow_extern))
