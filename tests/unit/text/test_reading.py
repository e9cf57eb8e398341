"""Files that are no files are refused at once, by whatever names them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import stdsl
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import RunError, SpaceError, StdslError
from stdsl.compiler.text.reading import TEXT, WEIGHTS, read_file
from stdsl.runtime.tracking.directory import open_run

SPACE = """stdsl 1
meta m on i: image(3, 8, 8) = i -> conv(4, 3x3) -> choose {relu, gelu} as k -> global_avg_pool -> linear(3)
space s = m
"""


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def folder(path: Path) -> None:
    path.mkdir()


def circle(path: Path) -> None:
    path.symlink_to(path)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


ODD: dict[Callable[[Path], None], str] = {
    pipe: "no regular file",
    device: "no regular file",
    terminal: "no regular file",
    folder: "a folder",
    circle: "ymbolic link",
    sparse: "larger than",
}


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_what_is_no_file_of_text(tmp_path: Path, make: Callable[[Path], None]) -> None:
    odd = tmp_path / "odd.space"
    make(odd)
    (main := tmp_path / "main.space").write_text(f'stdsl 1\nuse "odd.space" (f)\n{SPACE[8:]}')
    (found,) = check_file(odd)
    assert found.code == "E0207"
    assert ODD[make] in found.message
    (found,) = check_file(main)
    assert found.code == "E0207"
    assert found.span is not None
    assert found.span.text == '"odd.space"'
    assert ODD[make] in found.message


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_what_is_no_architecture_and_no_weights(tmp_path: Path, make: Callable[[Path], None]) -> None:
    for name in ("odd.arch.json", "odd.safetensors", "odd.pt"):
        make(tmp_path / name)
    with pytest.raises(StdslError, match="E0606"):
        stdsl.loads(SPACE).load_architecture(tmp_path / "odd.arch.json")
    for name in ("odd.safetensors", "odd.pt"):
        with pytest.raises(SpaceError, match="E0810"):
            read_weights(tmp_path / name)


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_what_is_no_run(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "run").mkdir()
    make(tmp_path / "run" / "run.json")
    with pytest.raises(RunError, match="E0704"):
        open_run(tmp_path / "run")


@pytest.mark.parametrize("name", ["a\0b.space", "x" * 5000, "\ud800.space"])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    assert [d.code for d in check_file(tmp_path / name)] in (["E0207"], ["E0206"])
    with pytest.raises(StdslError, match="E0606"):
        stdsl.loads(SPACE).load_architecture(name)


def test_files_of_any_size_up_to_the_greatest(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"x" * TEXT)
    assert len(read_file(path)) == TEXT
    path.write_bytes(b"x" * (TEXT + 1))
    with pytest.raises(OSError, match="larger than 8 MiB"):
        read_file(path)
    assert len(read_file(path, limit=None)) == TEXT + 1
    assert WEIGHTS > 2**32
    assert len(read_file("/proc/self/status")) > 100  # a file whose size is not known


def test_weights_are_read_still(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    assert read_weights(tmp_path / "a.pt").keys() == {"a"}
