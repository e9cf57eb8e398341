"""``run.json``: what a run was started with, enough to go on with it and to understand it later."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from stdsl.compiler.schemas.data import Found

FORMAT = 2
"""1 had no ``texts``."""


class Environment(BaseModel):
    """Versions and platform of the process that started a run, and when that was (UTC)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stdsl: str
    python: str
    torch: str
    platform: str
    started: str


class Origin(BaseModel):
    """How data that a program gave is made again: a class, `my_pkg.data:Clips`, and its arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    arguments: dict[str, Any] = {}


class Manifest(BaseModel):
    """Written once, when a run starts.

    ``file`` is the path of the main text inside ``space/``, ``origins`` where the texts there came from, ``texts`` the
    checksum (SHA-256) of each; ``search`` a name in it; ``config`` the settings as they were resolved (for readers; a
    resumed run reads the text again); ``data``: what the files of its data, and of that of searches that it needs, said
    when it was started, by the search; ``given``: a program gave the data, ``origin``: which said how it is found
    again. ``threads`` is the number of torch threads: on a CPU results depend on it.
    ``allow_extern``: the run was given leave to load the code of extern operators; going on with it needs that again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    file: str
    origins: dict[str, str]
    texts: dict[str, str] = {}
    search: str
    overrides: tuple[str, ...]
    space: str
    parameters: dict[str, Any]
    config: dict[str, Any]
    data: dict[str, Found] = {}
    given: bool = False
    origin: Origin | None = None
    seed: int
    device: str
    engine: str
    checkpoint_seconds: float
    threads: int
    training_threads: int
    allow_extern: bool = False
    environment: Environment


def environment() -> Environment:
    """Those of this process, now."""
    import torch

    from stdsl import __version__

    return Environment(
        stdsl=__version__,
        python=platform.python_version(),
        torch=torch.__version__,
        platform=platform.platform(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def cores() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
