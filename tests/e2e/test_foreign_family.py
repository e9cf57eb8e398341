"""A family of strategies in a package of somebody else's: announced by an entry point, loaded with leave alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPILER = """\
from typing import Literal
from pydantic import Field
from stdsl.compiler.families.family import Family
from stdsl.compiler.schemas.base import Count
from stdsl.compiler.schemas.strategy import Strategy

open({trace!r}, "a").write("compiler half\\n")

class FirstConfig(Strategy):
    family: Literal["first"] = "first"
    place: Count = Field(default=1, description="Which architecture, in the order of the space")

class First(Family):
    name = "first"
    settings = FirstConfig
    runner = "first_family.searching:FirstRunner"

FAMILY = First()
"""
RUNTIME = """\
from stdsl.compiler.analysis.architecture import architecture, of_answers
from stdsl.compiler.analysis.feasible import feasible
from stdsl.runtime.strategies.runner import Found, Runner

open({trace!r}, "a").write("other half\\n")

class FirstRunner(Runner):
    def works(self, job):
        return iter(())

    def search(self, run):
        arch = of_answers(run.job.graph, feasible(run.job.graph).unrank(run.config.strategy.place - 1))
        return Found({{"steps": 0, "seconds": 0.0, "entropy": 0.0, "values": dict(arch)}}, "the first one")

    def derive(self, strategy, graph, facts):
        return [architecture(graph, facts["values"])]
"""
SPACE = """\
stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  a = video -> conv(4, 1x3x3) -> choose {relu, gelu, silu} as first -> choose {bn, group_norm(1)} as second
  return a -> global_avg_pool -> linear(4)
}
space small = net
search s {
  space = small
  strategy = first { place = 4 }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  retrain { steps = 2  batch = 16 }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package, facts = tmp_path / "site" / "first_family", tmp_path / "site" / "first_family-1.0.dist-info"
    package.mkdir(parents=True)
    facts.mkdir()
    trace = str(tmp_path / "trace.txt")
    (package / "__init__.py").write_text("")
    (package / "settings.py").write_text(COMPILER.format(trace=trace))
    (package / "searching.py").write_text(RUNTIME.format(trace=trace))
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: first-family\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[stdsl.families]\nfirst = first_family.settings:FAMILY\n")
    (tmp_path / "s.space").write_text(SPACE)
    return tmp_path


def stdsl(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """What a command says, on both streams, and its exit code."""
    site = str(folder / "site")
    code = f"import sys, site; site.addsitedir({site!r}); from stdsl.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *argv]
    environment = os.environ | {"NO_COLOR": "1"}
    out, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(command, cwd=folder, text=True, env=environment, stdout=out, stderr=both)


def test_without_leave_it_is_refused_and_nothing_of_it_runs(folder: Path) -> None:
    for command in (["check", "s.space"], ["plan", "s.space"], ["run", "s.space"]):
        done = stdsl(folder, *command)
        assert done.returncode == 1, done.stdout
        assert "E0551" in done.stdout
        assert "--allow-extern" in done.stdout
    assert not (folder / "trace.txt").exists()
    assert not (folder / "runs").exists()


def test_with_leave_it_is_checked_without_its_other_half_and_runs(folder: Path) -> None:
    done = stdsl(folder, "check", "--allow-extern", "s.space")
    assert done.returncode == 0, done.stdout
    assert (folder / "trace.txt").read_text() == "compiler half\n"
    done = stdsl(folder, "run", "--allow-extern", "s.space", "--out", "run")
    assert done.returncode == 0, done.stdout
    assert json.loads((folder / "run" / "result.json").read_text())["derived"]["values"] == {
        "a.first": "gelu",
        "a.second": "group_norm",
    }


def test_its_settings_are_checked_like_all_others(folder: Path) -> None:
    (folder / "s.space").write_text(SPACE.replace("place = 4", "places = 4"))
    done = stdsl(folder, "check", "--allow-extern", "s.space")
    assert done.returncode == 1
    assert "E0501" in done.stdout
    assert "did you mean `place`" in done.stdout


def test_one_that_cannot_be_loaded_is_told_of(folder: Path) -> None:
    (folder / "site" / "first_family" / "settings.py").write_text("FAMILY = 3\n")
    done = stdsl(folder, "check", "--allow-extern", "s.space")
    assert done.returncode == 1
    assert "E0552" in done.stdout
    assert "no `Family`" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_name_of_this_package_is_not_given_away(folder: Path) -> None:
    points = folder / "site" / "first_family-1.0.dist-info" / "entry_points.txt"
    points.write_text("[stdsl.families]\nrandom = first_family.settings:FAMILY\n")
    (folder / "s.space").write_text(SPACE.replace("first { place = 4 }", "random { trials = 1 }"))
    done = stdsl(folder, "check", "--allow-extern", "s.space")
    assert done.returncode == 0, done.stdout
    assert not (folder / "trace.txt").exists()
