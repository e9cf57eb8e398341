"""``run.json``: what a run was started with, enough to go on with it and to understand it later."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, model_validator

from stdsl.compiler.schemas.data import Found

FORMAT = 5
"""1 had no ``texts``, 2 no ``id``, 3 no checksum (:mod:`.sealed`), 4 no ``outermost`` and no ``weights`` of
:class:`Elastic`."""
MOST_THREADS = 4096
_SECTIONS = ("data", "strategy", "retrain", "export")


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


class Elastic(BaseModel):
    """Another network from weights that are there. ``run``: the directory of the run that left them, ``id``: what its
    manifest calls it, ``weights``: the checksum of their file ("" where an older version wrote this); ``where``:
    budgets beside those of its space, as they were written; of ``candidates`` drawn architectures the best is taken,
    and other ones are drawn by another ``seed``. ``architecture``: path → value of the one that is taken in their
    place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str
    id: str = ""
    weights: str = ""
    where: tuple[str, ...] = ()
    candidates: Annotated[int, Ge(1)]
    seed: int = 0
    architecture: dict[str, Any] | None = None


class Given(BaseModel):
    """A finished run in the place of a search that is needed: the directory ``run``, of which a copy is taken, and its
    ``id``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str
    id: str


class Manifest(BaseModel):
    """Written once, when a run starts.

    ``file`` is the path of the main text inside ``space/``, ``origins`` where the texts there came from, ``texts`` the
    checksum (SHA-256) of each; ``search`` a name in it; ``config`` the settings as they were resolved (for readers; a
    resumed run reads the text again); ``data``: what the files of its data, and of that of searches that it needs, said
    when it was started, by the search; ``given``: a program gave the data, ``origin``: which said how it is found
    again. ``needs``: the finished runs that it was given, by the searches that they are of. ``architecture``: path →
    value of what is trained without a search; ``elastic``: of what weights another network is taken.
    ``threads`` is the number of torch threads: on a CPU results depend on it.
    ``allow_extern``: the run was given leave to load the code of extern operators; going on with it needs that again.
    ``id``: what its trials are known by in a database, a name of its own. ``store``: the URL of that, without a
    password; "" for the file of the run directory. ``outermost``: the ``id`` of the run for which this one, of a search
    that it needs, was started; "" for one by itself, None where an older version wrote this.
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
    needs: dict[str, Given] = {}
    architecture: dict[str, Any] | None = None
    elastic: Elastic | None = None
    seed: int
    device: str
    engine: str
    checkpoint_seconds: Annotated[float, Ge(0)]
    threads: Annotated[int, Ge(1), Le(MOST_THREADS)]
    training_threads: Annotated[int, Ge(1), Le(MOST_THREADS)]
    allow_extern: bool = False
    id: str = ""
    store: str = ""
    outermost: str | None = None
    environment: Environment

    @model_validator(mode="after")
    def _read_again(self) -> Self:
        """What is read of it again, beyond its types. Raises ValueError."""
        if self.texts and not self.texts.keys() >= {self.file, *self.origins}:
            raise ValueError("`file` or one of `origins` is not among its `texts`")
        if not all(map(_sound, self.data.values())):
            raise ValueError("`data` does not say what samples are like")
        sections = [self.config.get(key) for key in _SECTIONS]
        if not all(section is None or isinstance(section, dict) for section in sections):
            raise ValueError("`config` does not hold the settings of a search")
        others = [given.run for given in self.needs.values()] + ([self.elastic.run] if self.elastic else [])
        for path in (*self.origins.values(), *others):
            os.fsencode(path)  # raises UnicodeEncodeError, a ValueError
            if "\0" in path:
                raise ValueError(f"{path!r} is no path")
        for place in (self.file, *self.texts, *self.origins):
            if PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts or "\0" in place:
                raise ValueError(f"{place} is no place in a run directory")
        return self


def _sound(found: Found) -> bool:
    """Whether samples can be so: as many axes as their layouts have, none of size 0."""
    own = {"image": 3, "clip": 4, "tokens": 2, "features": 1}
    return all(
        len(one.shape) == own[one.layout] and all(size is None or size > 0 for size in one.shape)
        for one in found.inputs
    )


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
