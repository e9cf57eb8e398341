"""Python code of a space's is loaded where that very call gives leave, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

import stdsl
from stdsl.cli.main import cli
from stdsl.runtime.engines.contract import Work
from stdsl.runtime.engines.processes import ProcessEngine
from stdsl.runtime.tracking.directory import RunDirectory
from stdsl.runtime.trials.hands import PREPARE

CODE = """
import pathlib, sys
from torch import nn

with pathlib.Path({folder!r}, "loaded.txt").open("a") as file:
    print("loaded by", sys.argv[0], file=file)
print("printed on import")

class Passing(nn.Module):
    def forward(self, x):
        return x
"""
MINE = """
import numpy as np

class Mine:
    def __init__(self, split="train"):
        self.split = split

    def __len__(self):
        return 32

    def __getitem__(self, index):
        return np.random.default_rng(index).normal(size=(1, 4, 8, 8)).astype("float32"), index % 13
"""
TEXT = """stdsl 1
extern op outside on x from "MODULE:Passing" { params = 0  flops = 0 }
meta foreign(c = 4) on video: clip(1, 4, 8, 8) {
  return video -> conv(c, 1x3x3) -> bn -> choose {relu, outside} as kind -> global_avg_pool -> linear(13)
}
meta plain(c = 4) on video: clip(1, 4, 8, 8) {
  return video -> conv(c, 1x3x3) -> bn -> choose {relu, gelu} as kind -> global_avg_pool -> linear(13)
}
meta fixed(c = 4) on video: clip(1, 4, 8, 8) = video -> conv(c, 1x3x3) -> outside -> global_avg_pool -> linear(13)
space with_code = foreign
space without = plain
space compared = fixed
let small = 4
search searched {
  space = with_code
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient { steps = 2 batch = 8 }
  retrain { steps = 2 batch = 8 }
}
search pretrain {
  space = with_code
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient { steps = 2 batch = 8 }
  retrain { steps = 2 batch = 8 }
}
search needing {
  needs = [pretrain]
  space = without
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient { steps = 2 batch = 8 }
  retrain { steps = 2 batch = 8 }
}
search above {
  needs = [needing, pretrain]
  space = without
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient { steps = 2 batch = 8 }
  retrain { steps = 2 batch = 8 }
}
search comparing {
  space = without
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient { steps = 2 batch = 8 }
  retrain { steps = 2 batch = 8 }
  compare { spaces = [compared] }
}
"""


class Folder:
    """A folder with a text, and the module that it names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.module = f"leave_{abs(hash(str(path)))}"
        (path / f"{self.module}.py").write_text(CODE.format(folder=str(path)))
        self.file = path / "leave.space"
        self.file.write_text(TEXT.replace("MODULE", self.module))

    @property
    def loaded(self) -> bool:
        """Whether the code was, since the last time that this was asked."""
        sys.modules.pop(self.module, None)
        trace = self.path / "loaded.txt"
        found = trace.exists()
        trace.unlink(missing_ok=True)
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def called(*arguments: str) -> click.testing.Result:
    result = click.testing.CliRunner().invoke(cli, arguments, prog_name="stdsl")
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def refused(folder: Folder, *arguments: str) -> None:
    result = called(*arguments)
    assert "E0227" in result.output
    assert result.exit_code == 1
    assert not folder.loaded


def test_commands_that_need_no_code_load_none(folder: Folder) -> None:
    space = f"{folder.file}::with_code"
    for arguments in (
        ("check", str(folder.file)),
        ("info", space),
        ("count", space),
        ("count", "--distinct", space),
        ("sample", space),
        ("graph", space),
        ("graph", space, "-o", str(folder.path / "x.svg")),
        ("compile", "--to", "ir", space),
        ("compile", "--to", "ast", space),
    ):
        assert called(*arguments).exit_code == 0, arguments
        assert not folder.loaded, arguments


def test_check_loads_with_leave(folder: Folder) -> None:
    assert called("check", "--allow-extern", str(folder.file)).output.splitlines() == ["printed on import"]
    assert folder.loaded


@pytest.mark.parametrize("to", ["supernet", "module", "onnx"])
def test_compile(folder: Folder, to: str) -> None:
    space = f"{folder.file}::{'with_code' if to == 'supernet' else 'compared'}"
    output = ("-o", str(folder.path / "out"))
    refused(folder, "compile", "--to", to, space, *output)
    result = called("compile", "--allow-extern", "--to", to, space, *output)
    assert result.exit_code == 0, result.output
    assert folder.loaded == (to == "onnx")  # texts only name it


@pytest.mark.parametrize("search", ["searched", "needing", "comparing"])
def test_plan(folder: Folder, search: str) -> None:
    space = f"{folder.file}::{search}"
    if search != "needing":  # what is needed has a plan of its own
        refused(folder, "plan", space)
    result = called("plan", "--allow-extern", space)
    assert result.exit_code == 0, result.output
    assert folder.loaded == (search != "needing")


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("search", ["searched", "needing", "comparing"])
def test_runs_and_going_on_with_them(folder: Folder, search: str) -> None:
    out = str(folder.path / "run")
    refused(folder, "run", f"{folder.file}::{search}", "--out", out)
    assert not Path(out).exists()
    result = called("run", "--allow-extern", f"{folder.file}::{search}", "--out", out)
    assert result.exit_code == 0, result.output
    assert "W0751" not in result.output
    assert folder.loaded
    for manifest in Path(out).rglob("run.json"):
        document = json.loads(manifest.read_text())
        assert document["allow_extern"] is True
    for path in (*Path(out).rglob("result.json"), *Path(out).rglob("metrics.json")):
        path.unlink()
    refused(folder, "run", "--resume", out)
    assert called("show", out).exit_code == 0
    assert not folder.loaded
    assert called("run", "--allow-extern", "--resume", out).exit_code == 0
    assert folder.loaded


def test_what_a_run_says_is_no_leave(folder: Folder) -> None:
    """A run whose folder says that its code may be loaded, where this call does not."""
    out = folder.path / "run"
    assert called("run", "--allow-extern", f"{folder.file}::searched", "--out", str(out)).exit_code == 0
    assert folder.loaded
    assert json.loads((out / "run.json").read_text())["allow_extern"] is True
    for arguments in (("show", str(out)), ("show", "--layers", str(out)), ("show", "--json", str(out))):
        assert called(*arguments).exit_code == 0
        assert not folder.loaded
    onnx = ("compile", "--to", "onnx", f"{folder.file}::with_code", "--weights", str(out), "-o", str(out / "x.onnx"))
    refused(folder, *onnx)
    result = called(*onnx, "--allow-extern")
    assert result.exit_code == 0, result.output


def test_of_a_search_whose_finished_run_is_given_no_operator_is_loaded(folder: Folder) -> None:
    """So that no leave is asked for, with it none is given, and what the run says of it counts for nothing. Where the
    search runs first, the message says so. Nor is it where another search that runs first needs it, too."""
    first, out = folder.path / "first", folder.path / "run"
    assert called("run", "--allow-extern", f"{folder.file}::pretrain", "--out", str(first)).exit_code == 0
    assert folder.loaded
    call = ("run", f"{folder.file}::needing", "--out", str(out))
    said = " ".join(called(*call).output.split())
    assert "note: the search `pretrain`, which `needing` needs, runs first; `--needs pretrain=RUN` names" in said
    assert not out.exists()
    result = called(*call, "--needs", f"pretrain={first}")
    assert result.exit_code == 0, result.output
    (out / "result.json").unlink()
    assert called("run", "--resume", str(out)).exit_code == 0
    above = ("run", f"{folder.file}::above", "--out", str(folder.path / "above"), "--needs", f"pretrain={first}")
    result = called(*above)
    assert result.exit_code == 0, result.output
    assert not folder.loaded


def test_the_data_of_a_search_whose_finished_run_is_given_is_loaded_by_leave(folder: Folder) -> None:
    """The run is held to it."""
    data = "motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)"
    head, pretrain = folder.file.read_text().split("search pretrain")
    mine = f'extern data mine() from "{folder.module}:Mine" {{ inputs = clip(1, 4, 8, 8)  classes = 13 }}\n'
    folder.file.write_text(f"{head}{mine}search pretrain{pretrain.replace(data, 'mine()', 1)}")
    with (folder.path / f"{folder.module}.py").open("a") as code:
        code.write(MINE)
    first, out = folder.path / "first", folder.path / "run"
    result = called("run", "--allow-extern", f"{folder.file}::pretrain", "--out", str(first))
    assert result.exit_code == 0, result.output
    assert folder.loaded
    call = ("run", f"{folder.file}::needing", "--out", str(out), "--needs", f"pretrain={first}")
    said = " ".join(called(*call).output.split())
    assert "E0227" in said
    assert "note: it reads the data of `pretrain`, to which the run that is given for that is held" in said
    assert not folder.loaded
    assert called(*call, "--allow-extern").exit_code == 0


@pytest.mark.parametrize("leave", [False, True])
def test_processes_have_the_leave_of_the_run(folder: Folder, leave: bool) -> None:
    """Whatever the run directory says."""
    out = folder.path / "run"
    assert called("run", "--allow-extern", f"{folder.file}::comparing", "--out", str(out)).exit_code == 0
    assert folder.loaded
    name = RunDirectory.network_of("compared")
    work = Work(PREPARE, {"folder": str(out), "allow_extern": leave}, shared=False)
    with ProcessEngine(work, 1, lambda *_: None, with_current=leave) as engine:
        engine.submit(name, {"name": name, "architecture": {}, "found": {}})
        done = engine.wait(60.0)
    assert done is not None
    assert (done.value is not None) == leave
    assert leave or (done.fault is not None and "E0227" in done.fault.words)
    assert folder.loaded == leave


def test_from_python(folder: Folder) -> None:
    space = stdsl.load(folder.file, "with_code")
    arch = space.architecture({"kind": "outside"})
    text = folder.file.read_text()
    calls: tuple[Callable[[], object], ...] = (
        lambda: stdsl.compile(space),
        lambda: stdsl.compile(space, arch),
        lambda: stdsl.source(space, arch),
        lambda: stdsl.compile(stdsl.loads(text, "with_code")),
        lambda: stdsl.run(f"{folder.file}::searched", out=folder.path / "run"),
        lambda: stdsl.run(f"{folder.file}::needing", out=folder.path / "run"),
        lambda: stdsl.run(f"{folder.file}::comparing", out=folder.path / "run"),
    )
    for call in calls:
        with pytest.raises(stdsl.SpaceError, match="E0227"):
            call()
        assert not folder.loaded
    _ = space.costs(), space.count(), space.sample(), space.ir
    assert not folder.loaded
    stdsl.compile(stdsl.load(folder.file, "with_code", allow_extern=True))
    assert folder.loaded
    stdsl.run(f"{folder.file}::searched", out=folder.path / "run", allow_extern=True)
    assert folder.loaded
    (folder.path / "run" / "result.json").unlink()
    with pytest.raises(stdsl.SpaceError, match="E0227"):
        stdsl.run(resume=folder.path / "run")
    assert not folder.loaded
    stdsl.run(resume=folder.path / "run", allow_extern=True)
    assert folder.loaded


def test_leave_of_one_call_is_none_for_the_next(folder: Folder) -> None:
    """In one process, with the module there already or not."""
    stdsl.compile(stdsl.load(folder.file, "with_code", allow_extern=True))
    with pytest.raises(stdsl.SpaceError, match="E0227"):
        stdsl.compile(stdsl.load(folder.file, "with_code"))


def test_programs_of_the_command_line(folder: Folder) -> None:
    """The same from outside, where nothing has been imported."""
    command = [sys.executable, "-m", "stdsl", "compile", f"{folder.file}::compared", "--to", "onnx", "-o", "x.onnx"]
    done = subprocess.run(command, cwd=folder.path, capture_output=True, text=True, check=False)
    assert "E0227" in done.stderr
    assert not folder.loaded
    done = subprocess.run([*command, "--allow-extern"], cwd=folder.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert folder.loaded
