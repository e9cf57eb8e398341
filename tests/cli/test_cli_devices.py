"""What is written never takes the place of a device or a pipe, nor leads out of the folder of a run."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import stdsl as library

SPACE = "stdsl 1\nmeta net on x: features(2) = x -> choose {relu, gelu} -> linear(2)\nspace s = net\n"


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "s.space"
    path.write_text(SPACE)
    return path


def test_a_pipe_is_written_into(stdsl: Any, space: Path, tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    assert stdsl("compile", str(space), "--to", "ir", "-o", str(pipe)).exit_code == 0
    reader.join()
    assert found[0].startswith("space s")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_stays_one(stdsl: Any, space: Path, tmp_path: Path) -> None:
    device = tmp_path / "full"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    except PermissionError:
        device.symlink_to("/dev/full")
    result = stdsl("compile", str(space), "--to", "ir", "-o", str(device))
    assert result.exit_code == 2
    assert "a device or a pipe" in result.stderr
    with pytest.raises(OSError, match="a device or a pipe"):
        library.load(space).sample(0).save(device)
    assert stat.S_ISCHR(device.stat().st_mode)


def test_a_link_in_the_folder_of_a_run_is_not_followed(stdsl: Any, tmp_path: Path) -> None:
    victim, out = tmp_path / "victim", tmp_path / "run"
    victim.write_text("kept")
    out.mkdir()
    (out / ".lock").symlink_to(victim)
    search = tmp_path / "q.space"
    search.write_text(
        SPACE.replace("features(2)", "clip(1, 4, 8, 8)").replace("linear(2)", "global_avg_pool -> linear(4)")
        + "search q { space = s  strategy = gradient { steps = 1 }\n"
        "  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32) }\n"
    )
    result = stdsl("run", str(search), "--out", str(out), "-q")
    assert (result.exit_code, victim.read_text()) == (2, "kept")
    assert "E0710" in result.stderr
