"""Processes that a run starts import nothing of the current folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.analysis.architecture import saved
from stdsl.compiler.backends.drawing import layout, space_picture, to_svg
from stdsl.compiler.backends.python_process import environment, module_command, search_path
from stdsl.runtime.engines.contract import Done, Work
from stdsl.runtime.engines.processes import ProcessEngine
from stdsl.runtime.trials.hands import PREPARE

ROOT = Path(__file__).parents[2]
TEXT = """stdsl 1
meta a(c = 4) on video: clip(1, 4, 8, 8) {
  return video -> conv(c, 1x3x3) -> bn -> choose {relu, gelu} as k -> global_avg_pool -> linear(13)
}
space s = a
search q {
  space = s
  data = motion_digits(frames = 4, size = 8, train = 64, valid = 64, test = 32)
  strategy = gradient { steps = 3 batch = 8 }
  retrain { steps = 3 batch = 8 }
  compare { random = 1 }
}
"""
MODULES = """torch numpy json re os lark networkx pydantic click rich jinja2 safetensors onnx runpy site sitecustomize
usercustomize importlib threading stdsl typing _json encodings graphviz_pure opt_einsum triton pickle"""


@pytest.fixture
def shadowed(tmp_path: Path) -> Path:
    """A folder whose modules are called like what a run imports, and leave a file when they are imported."""
    folder = tmp_path / "shadowed"
    folder.mkdir()
    for name in MODULES.split():
        (folder / f"{name}.py").write_text(f"open({str(folder / 'owned.txt')!r}, 'a').write({name!r})\n")
    (folder / "t.space").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, whose comparison can be trained again."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "t.space").write_text(TEXT)
    out = folder / "out"
    result = click.testing.CliRunner().invoke(cli, ["run", str(folder / "t.space"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out


def trained(engine: ProcessEngine) -> Done:
    """The end of the comparison."""
    with engine:
        done = engine.wait(120.0)
    assert done is not None
    return done


def begun(run: Path, with_current: bool = False) -> ProcessEngine:
    """An engine whose first process has been started, from the current folder."""
    work = Work(PREPARE, {"folder": str(run), "allow_extern": False})
    engine = ProcessEngine(work, 1, lambda *_: None, with_current=with_current)
    arch = saved(run / "architectures" / "random-1.arch.json")
    engine.submit("random-1", {"name": "random-1", "architecture": dict(arch), "found": {}})
    return engine


WAYS = [
    pytest.param(with_current, entry, marks=[pytest.mark.slow] * ((with_current, entry) not in quick))
    for quick in [{(False, None), (False, ""), (True, "FOLDER")}]
    for with_current in (False, True)
    for entry in (None, "", ".", "FOLDER")
]
"""Each imports torch in a process of its own. The slow ones name the same folder in another way."""


@pytest.mark.parametrize(("with_current", "entry"), WAYS)
def test_processes_import_nothing_of_the_current_folder(
    shadowed: Path, run: Path, monkeypatch: pytest.MonkeyPatch, entry: str | None, with_current: bool
) -> None:
    """Though this process might: as `python -m`, PYTHONPATH and programs beside the text make it."""
    if with_current:  # torch takes what is called so for the real one, which is not installed here, and may use it
        (shadowed / "triton.py").unlink()
    with monkeypatch.context() as patch:
        patch.chdir(shadowed)
        patch.setenv("PYTHONPATH", f"{entry}{os.pathsep}")
        patch.setenv("PYTHONSTARTUP", str(shadowed / "torch.py"))
        if entry is not None:
            patch.setattr(sys, "path", [entry.replace("FOLDER", str(shadowed)), *sys.path])
        engine = begun(run, with_current)
    done = trained(engine)
    assert done.value is not None, done.fault
    owned = shadowed / "owned.txt"
    assert not owned.exists() or with_current
    if owned.exists():  # what is nowhere else
        assert not {"torch", "numpy", "stdsl", "json", "sitecustomize"} & set(owned.read_text().split())


def test_a_process_finds_what_this_process_finds(shadowed: Path, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed packages, and stdsl itself where it was found through the current folder."""
    monkeypatch.chdir(ROOT)
    assert str(ROOT) not in search_path()
    path = search_path()
    assert any("site-packages" in folder for folder in path)
    assert trained(begun(run)).fault is None
    command = module_command("stdsl.target")
    assert subprocess.run(command, cwd=shadowed, env=environment(), check=False).returncode == 0
    folder = next(folder for folder in path if folder.endswith("site-packages"))
    monkeypatch.chdir(folder)
    assert folder in search_path()  # packages are found from within their folder too


def test_programs_that_draw_import_nothing_of_the_current_folder(
    shadowed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = space_picture(stdsl.loads(TEXT, "s").graph)
    monkeypatch.chdir(shadowed)
    monkeypatch.setenv("PYTHONPATH", str(shadowed))
    if not layout.programs():
        pytest.skip("nothing draws here")
    assert to_svg(picture).lstrip().startswith("<")
    assert not (shadowed / "owned.txt").exists()


def test_the_module_stdsl_looks_elsewhere_first(tmp_path: Path) -> None:
    for name in ("lark", "pydantic", "torch"):
        (tmp_path / f"{name}.py").write_text("open('owned.txt', 'w')\n")
    (tmp_path / "t.space").write_text(TEXT)
    command = [sys.executable, "-m", "stdsl", "plan", "t.space"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "owned.txt").exists()
