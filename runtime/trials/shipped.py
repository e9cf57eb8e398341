"""A run for machines that do not have it: its texts, what it needs of other runs, and the files that they name."""

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
from typing import Any, Final

from stdsl.compiler.backends.networks.weight_names import rules_beside
from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.search import ROLES

from ..engines.contract import Doing
from ..phases.context import Context
from ..tracking.directory import RunDirectory
from ..tracking.names import DERIVED
from ..tracking.sealed import unsealed
from .files import with_files
from .work import prepare

_RUN: Final = PurePath("run")
_BESIDE: Final = PurePath("beside", *"12345678")
"""The folder that texts lie in as they lay to each other; so deep that what they name by `..` lies inside too."""


def archive(run: Context) -> bytes:
    """All of it as a tar file. What its texts name by a path from their own folder on is shipped, data and weights;
    what they name otherwise is looked for on each machine at the place that they say."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        tar.add(run.directory.path / run_files.MANIFEST, f"{_RUN}/{run_files.MANIFEST}")
        tar.add(run.directory.space, f"{_RUN}/{run_files.SPACE}")
        needs = run.directory.path / run_files.NEEDS
        for folder in sorted(needs.iterdir()) if needs.is_dir() else ():
            for place in (run_files.MANIFEST, f"{run_files.WEIGHTS}/{DERIVED}.safetensors"):
                if (folder / place).exists():
                    tar.add(folder / place, f"{_RUN}/{run_files.NEEDS}/{folder.name}/{place}")
        for place, path in sorted(dict(_beside(run)).items()):
            add_as_seen(tar, path, place, path.resolve(), place)
    return buffer.getvalue()


def prepare_shipped(content: bytes, allow_extern: bool) -> Doing:
    """Trains trials of the run that :func:`archive` made ``content`` of, in a folder that goes with this process."""
    root = Path(tempfile.mkdtemp(prefix="stdsl-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        tar.extractall(root, filter="data")
    beside = root / _BESIDE
    beside.mkdir(parents=True, exist_ok=True)
    path = root / _RUN / run_files.MANIFEST
    manifest = unsealed(json.loads(path.read_bytes()))
    manifest["origins"] = {place: str(beside / place) for place in manifest["origins"]}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    if not manifest["origins"]:
        os.chdir(beside)  # of a text of the library, paths begin at the folder at work
    return with_files(prepare(str(root / _RUN), allow_extern), RunDirectory(root / _RUN))


def _beside(run: Context) -> Iterator[tuple[str, Path]]:
    """What the run reads beside its texts: the place in the tar file, and where it is."""
    texts = run.job.texts
    places = {Path(origin): PurePath(place).parent for place, origin in texts.origins.items()}
    own = PurePath(texts.main).parent if texts.own_folder else PurePath()
    for role in ROLES:
        if run.config.owner(role) == role:
            for text in _texts(run.config.data_of(role).model_dump(mode="json")):
                yield from _named(texts.folder, own, text)
    graphs = dict.fromkeys((run.job.graph, run.job.final, *run.job.compared.values()))
    for scope in (scope for graph in graphs for scope in graph.scopes):
        file, source = scope.weights_file, scope.span.source.path if scope.span else None
        if file is not None and source is not None and source in places:
            for name in (file, str(rules_beside(file))):
                yield from _named(source.parent, places[source], name)
    if run.job.allow_extern:
        for origin, place in places.items():
            for code in origin.parent.glob("*.py"):
                yield from _named(origin.parent, place, code.name)


def _named(folder: Path, place: PurePath, text: str) -> Iterator[tuple[str, Path]]:
    """What a text names by a path from ``folder`` on, which stands at ``place``: where it is there, and no folder
    around that one."""
    path, inside = folder / text, os.path.normpath(_BESIDE / place / text)
    there = text and not os.path.isabs(text) and _is_beside(inside) and os.path.exists(path)
    if there and not folder.resolve().is_relative_to(path.resolve()):
        yield inside, path


def _is_beside(place: str) -> bool:
    return PurePath(place).parts[0] == _BESIDE.parts[0]


def add_as_seen(
    tar: tarfile.TarFile, path: Path, place: str, root: Path, top: str, above: tuple[Path, ...] = ()
) -> None:
    """Add a file or a folder. ``root``: what ``top`` stands for. Links to what is in it or around it stay links, so
    that readers see what they see here; others become what they lead to. ``above``: the folders that the path is in."""
    real = Path(os.path.realpath(path))
    if above and path.is_symlink() and (real.is_relative_to(root) or root.is_relative_to(real)):
        target = os.path.normpath(PurePath(top) / os.path.relpath(real, root))
        target = target if _is_beside(target) else _BESIDE.parts[0]
        _add_link(tar, place, os.path.relpath(target, PurePath(place).parent))
    elif path.is_dir() and real not in above:
        folder = tarfile.TarInfo(place)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        for each in sorted(path.iterdir()):
            add_as_seen(tar, each, f"{place}/{each.name}", root, top, (*above, real))
    elif path.is_file():
        tar.add(real, place)
    else:  # a link to nowhere or in circles, a pipe: nothing that anybody reads
        _add_link(tar, place, "nowhere")


def _add_link(tar: tarfile.TarFile, place: str, target: str) -> None:
    info = tarfile.TarInfo(place)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


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
