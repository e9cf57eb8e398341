"""No command writes what it makes onto a file that a run keeps for itself."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import click
import click.testing
import pytest

from stdsl.cli.index import COMMANDS
from stdsl.cli.main import cli
from stdsl.compiler.schemas import run_files


def writing(name: str, command: click.Command) -> Iterator[str]:
    """The commands, with those below a group, that write to a place which is named by `-o`."""
    if isinstance(command, click.Group):
        for below, inner in command.commands.items():
            yield from writing(f"{name} {below}", inner)
    elif any("-o" in parameter.opts for parameter in command.params):
        yield name


WRITING = [
    found for name in COMMANDS for found in writing(name, importlib.import_module(f"stdsl.cli.commands.{name}").command)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run directory and the folder of a front, both with files of all names that they may have."""
    for name in (*run_files.FILES, *(f"{name}/inside" for name in run_files.FOLDERS)):
        path = tmp_path / "run" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    for name in run_files.OF_FRONTS:
        path = tmp_path / "front" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    (tmp_path / "link").symlink_to("run/weights")
    return tmp_path


@pytest.mark.parametrize("name", WRITING)
def test_no_file_of_a_run_is_written_over(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "run/weights")
    places = [path for path in folder.rglob("*") if path.is_file()]
    places += [Path("inside"), Path("../run.json"), Path("../../run/../run/RESULT.json"), folder / "link/new"]
    places += [folder / "run/weights", folder / "run/space/new/deep.csv", folder / "front/asked.json"]
    for place in places:
        called = click.testing.CliRunner().invoke(cli, [*name.split(), "-o", str(place), "nothing"], prog_name="stdsl")
        assert called.exit_code == 2
        assert "keeps its own files" in called.output, place
    assert {path.read_text() for path in folder.rglob("*") if path.is_file()} == {"kept"}


@pytest.mark.parametrize("name", WRITING)
def test_beside_them_is_room(name: str, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    for place in (
        "run/derived.svg",
        "run/mine/run.json",
        "front/front.svg",
        "elsewhere/run.json",
        "run",
        "result.json",
    ):
        words = [*name.split(), "-o", os.fspath(folder / place), "nothing"]
        assert "keeps its own files" not in click.testing.CliRunner().invoke(cli, words, prog_name="stdsl").output
