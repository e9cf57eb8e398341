"""A disk that is full at any write: the run says so, nothing that was made is lost, and with room it goes on."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run

TEXT = """stdsl 1
meta net(c = 8) on video: clip(1, 4, 8, 8) {
  y = video -> conv(c, 1x3x3) -> bn -> choose {flat: conv(c, 1x3x3), full: conv(c, 3x3x3)} as kind
  return y -> bn -> relu -> global_avg_pool -> linear(4)
}
meta plain(c) on video: clip(1, 4, 8, 8) = video -> conv(c, 1x3x3) -> bn -> relu -> global_avg_pool -> linear(4)
space cells = net()
space flat = plain(4)
search s {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 4  batch = 8  measure = 16 }
  retrain { steps = 4  batch = 8 }
  compare { spaces = [flat] }
  export { source = "net.py"  weights = "out/w.safetensors" }
}
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("full") / "s.space"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def undisturbed(space: Path) -> dict[str, str]:
    start(space, space.parent / "undisturbed")
    return outcome(space.parent / "undisturbed")


def start(space: Path, out: Path) -> None:
    run(RunRequest(str(space), out=out, checkpoint_seconds=0), Silent())


def outcome(folder: Path) -> dict[str, str]:
    """Digests of all that the run made, without times."""
    made = [folder / "net.py", folder / "out" / "w.safetensors", folder / "module.py"]
    for kind in ("weights", "architectures"):
        made += sorted((folder / kind).iterdir())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made}
    result = json.loads((folder / "result.json").read_text())
    return found | {row["title"]: json.dumps(row["test"]) for row in result["networks"]}


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refused_then_finished(space: Path, out: Path) -> bool:
    """Start a run, or go on with it; False where the system refused a file, which must have been said."""
    said: set[str] = set()
    try:
        if (out / "run.json").exists():
            resume(out, Silent())
        else:
            start(space, out)
    except RunError as error:
        said = {d.code for d in error.diagnostics}
    assert said <= {"E0710", "E0721"}
    return not said


def test_files_that_may_not_grow(space: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    """Each time a little further: it fails at another file, and goes on where it was."""
    out, failures = tmp_path / "run", 0
    for size in (100, 700, 2_000, 3_500, 5_000, 8_000, 12_000, 18_000, 25_000):
        with files_end_at(size):
            failures += not refused_then_finished(space, out)
    assert failures >= 5
    assert refused_then_finished(space, out)
    assert outcome(out) == undisturbed


@pytest.mark.slow
def test_a_small_disk(space: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    """A real one, where that can be had, with 4 KB more each time."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be had here")
    try:
        filler, out, failures = disk / "filler", disk / "run", 0
        for free in range(0, 160, 4):
            filler.unlink(missing_ok=True)
            room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            filler.write_bytes(bytes(max(0, room - free * 1024)))
            failures += not refused_then_finished(space, out)
        filler.unlink()
        assert failures >= 5
        assert refused_then_finished(space, out)
        assert outcome(out) == undisturbed
    finally:
        subprocess.run(["umount", str(disk)], check=True)
