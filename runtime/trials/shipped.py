"""A run for machines that do not have it: its texts, what it needs of other runs, and the data that stands beside
them."""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.search import ROLES

from ..engines.contract import Doing
from ..phases.context import Context
from ..tracking.names import DERIVED
from .work import prepare

_RUN, _BESIDE = "run", "beside"


def archive(run: Context) -> bytes:
    """All of it as a tar file. Data is shipped that its settings name by a path from the folder of the text on; what
    they name otherwise is looked for on each machine at the place that they say."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        tar.add(run.directory.path / run_files.MANIFEST, f"{_RUN}/{run_files.MANIFEST}")
        tar.add(run.directory.space, f"{_RUN}/{run_files.SPACE}")
        needs = run.directory.path / run_files.NEEDS
        for folder in sorted(needs.iterdir()) if needs.is_dir() else ():
            for place in (run_files.MANIFEST, f"{run_files.WEIGHTS}/{DERIVED}.safetensors"):
                if (folder / place).exists():
                    tar.add(folder / place, f"{_RUN}/{run_files.NEEDS}/{folder.name}/{place}")
        for name in sorted(set(_beside(run))):
            tar.add(run.job.texts.folder / name, f"{_BESIDE}/{name}")
    return buffer.getvalue()


def prepare_shipped(content: bytes, allow_extern: bool) -> Doing:
    """Trains trials of the run that :func:`archive` made ``content`` of, in a folder that goes with this process."""
    root = Path(tempfile.mkdtemp(prefix="stdsl-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        tar.extractall(root, filter="data")
    beside = root / _BESIDE
    beside.mkdir(exist_ok=True)
    path = root / _RUN / run_files.MANIFEST
    manifest = json.loads(path.read_bytes())
    manifest["origins"] = {place: str(beside / PurePath(place).name) for place in manifest["origins"]}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    if not manifest["origins"]:
        os.chdir(beside)  # of a text of the library, paths begin at the folder at work
    return prepare(str(root / _RUN), allow_extern)


def _beside(run: Context) -> Iterator[str]:
    """What stands beside the text that the run reads, by its place from there on."""
    folder = run.job.texts.folder
    for role in ROLES:
        if run.config.owner(role) == role:
            for text in _texts(run.config.data_of(role).model_dump(mode="json")):
                path = PurePath(text)
                if path.parts and not path.is_absolute() and ".." not in path.parts and os.path.exists(folder / path):
                    yield str(path)
    if run.job.allow_extern:
        yield from (path.name for path in folder.glob("*.py"))


def _texts(value: Any) -> Iterator[str]:
    """All texts in settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
