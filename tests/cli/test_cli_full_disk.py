"""What a command writes may find a full disk, or no place at all: that is no mistake of anybody's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
COMMANDS = ["--version", "count quickstart.space::cells", "check nothing.space"]

full = pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")


def called(command: str, buffered: bool = True, **streams: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    if not buffered:
        environment["PYTHONUNBUFFERED"] = "1"
    call = [sys.executable, "-m", "stdsl", *command.split()]
    folder = ROOT / "examples"
    return subprocess.run(call, text=True, cwd=folder, env=environment, timeout=120, **streams)  # type: ignore[call-overload, no-any-return]


@full
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("buffered", [True, False])
def test_a_full_disk_is_told_of(command: str, buffered: bool) -> None:
    with FULL.open("w") as nowhere:
        done = called(command, buffered, stdout=nowhere, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (2, "error: cannot write: no space left on device\n")


@full
@pytest.mark.parametrize("command", COMMANDS)
def test_where_messages_find_no_place_the_code_says_all(command: str) -> None:
    with FULL.open("w") as nowhere:
        done = called(command, stdout=subprocess.PIPE, stderr=nowhere)
    assert done.returncode == (2 if "nothing" in command else 0)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", [1, 2])
def test_closed_streams_lead_nowhere(command: str, number: int) -> None:
    pipe = subprocess.PIPE
    streams = (None, pipe) if number == 1 else (pipe, None)
    done = called(command, stdout=streams[0], stderr=streams[1], preexec_fn=lambda: os.close(number))
    assert done.returncode == (2 if "nothing" in command else 0)
    assert "internal error" not in (done.stderr or "")
