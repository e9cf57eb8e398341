"""One way in: what `stdsl check` says of a file, every command and the Python API say of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click.testing
import pytest

import stdsl as api
from stdsl.compiler.checks.check import check_file
from stdsl.compiler.checks.opening import load_space
from stdsl.runtime.prepare.preparation import load_job

HEAD: Final = """stdsl 1
op a(c) = conv(c, 3) -> bn -> relu
op b(c) = conv(c, 5) -> bn -> relu
meta net(c = 4, classes = 4) on video: clip(1, 8, 16, 16) {
  y = video -> choose {a: a(c), b: b(c)} as kind
  return y -> global_avg_pool -> linear(classes)
}
space cells(c = 4) = net(c)
strategy short = gradient { steps = 2  batch = 4  measure = 0 }
"""
SEARCH: Final = """search tiny {
  space = cells
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)
  strategy = short
  retrain { steps = 2  batch = 4 }
}
"""
RIGHT: Final = HEAD + SEARCH


def changed(before: str, after: str) -> str:
    assert before in RIGHT
    return RIGHT.replace(before, after)


WRONG: Final[Mapping[str, tuple[str, str]]] = {
    "syntax": ("E0101", changed("meta net(", "meta net((")),
    "a name in an op that nothing uses": ("E0201", RIGHT + "op never(c) = conv(c, k = missing)\n"),
    "an undefined name in a cell that nothing uses": ("E0201", RIGHT + "cell never on x { return x -> missing }\n"),
    "a constant that nothing uses": ("E0222", RIGHT + "let nothing = 1 / 0\n"),
    "two of one name": ("E0202", RIGHT + "op a(c) = conv(c, 1)\n"),
    "an import that is not there": ("E0203", changed("stdsl 1\n", "stdsl 1\nuse std.video (nothing)\n")),
    "another space that cannot be": ("E0215", RIGHT + "space other = net(0)\n"),
    "shapes": ("E0216", changed("return y ->", "return y + (video -> conv(7, 3)) ->")),
    "nothing within its own where": ("E0441", changed("= net(c)", "= net(c) where flops <= 10")),
    "nothing within another's where": ("E0441", RIGHT + 'space nil = net where kind == "a" and kind == "b"\n'),
    "a budget that is none": ("E0410", RIGHT + "space nil = net where flops in 3..1\n"),
    "a strategy that nothing uses": ("E0501", RIGHT + "strategy odd = gradient { speed = 3 }\n"),
    "another search": ("E0501", RIGHT + SEARCH.replace("tiny", "other").replace("space =", "sort = 3  space =")),
    "data of other classes": ("E0516", changed("motions = 4", "motions = 5")),
    "no strategy": ("E0520", changed("  strategy = short\n", "")),
    "a need in a circle": ("E0512", changed("  space = cells", "  needs = [tiny]  space = cells")),
    "a space with no other decisions": (
        "E0609",
        changed("retrain {", "retrain { space = other ").replace(
            "strategy short",
            "meta o on video: clip(1, 8, 16, 16) = video -> a(4) -> global_avg_pool -> linear(4)\n"
            "space other = o\nstrategy short",
        ),
    ),
    "what no mixture can be": ("E0801", changed("b: b(c)}", "b: b(c) -> max_pool(2, stride = 2)}")),
    "a number for each class at each point": (
        "E0516",
        changed("global_avg_pool -> linear(classes)", "pointwise(classes)"),
    ),
    "a further output of other classes": (
        "E0516",
        changed(
            "return y -> global_avg_pool -> linear(classes)",
            "z = y -> global_avg_pool  return {one: z -> linear(classes), two: z -> linear(classes + 1)}",
        ).replace("{ steps = 2", "{ aux = 0.4  steps = 2"),
    ),
    "a comparison with what is open": (
        "E0523",
        changed("batch = 4 }\n}", "batch = 4 }\n  compare { spaces = [cells(2)] }\n}"),
    ),
    "weights of no need": (
        "E0714",
        changed("meta net(", "cell back on x = x -> conv(1, 1)\nmeta net(").replace(
            "y = video ->", 'y = video -> back(weights = "run:other") ->'
        ),
    ),
    "a soft cost that is unknown": (
        "E0413",
        changed("op a(c) =", 'extern op norm on x from "my_ops:Norm" { params = 0 }\nop a(c) = norm ->').replace(
            "measure = 0", "measure = 0  objectives = [cost(flops, high = 1M)]"
        ),
    ),
    "files out of the run": ("E0521", changed("batch = 4 }\n}", 'batch = 4 }\n  export { onnx = "../x.onnx" }\n}')),
}


def codes(text: str) -> set[str]:
    return set(re.findall(r"error\[(E\d{4})\]", text))


CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "count": ("count", "FILE::cells"),
    "info": ("info", "FILE::cells"),
    "info --json": ("info", "FILE::cells", "--json"),
    "sample": ("sample", "FILE::cells"),
    "graph": ("graph", "FILE::cells"),
    "compile to supernet": ("compile", "FILE::cells", "--to", "supernet"),
    "compile to ir": ("compile", "FILE::cells", "--to", "ir"),
    "compile to module": ("compile", "FILE::cells", "--to", "module", "--arch", "a.arch.json"),
    "compile to onnx": ("compile", "FILE::cells", "--to", "onnx", "--arch", "a.arch.json"),
    "plan": ("plan", "FILE::tiny"),
    "run": ("run", "FILE::tiny", "--out", "out"),
}


@pytest.fixture(scope="module", params=WRONG)
def wrong(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    code, text = WRONG[request.param]
    path = tmp_path_factory.mktemp("wrong") / "t.space"
    path.write_text(text, encoding="utf-8")
    return code, path


def test_check_finds_it(wrong: tuple[str, Path]) -> None:
    code, path = wrong
    assert {d.code for d in check_file(path) if d.severity.value == "error"} == {code}


@pytest.mark.parametrize("call", CALLS)
def test_every_command_says_what_check_says(
    stdsl: Callable[..., click.testing.Result],
    wrong: tuple[str, Path],
    call: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, path = wrong
    monkeypatch.chdir(tmp_path)
    result = stdsl(*(part.replace("FILE", str(path)) for part in CALLS[call]))
    assert codes(result.stderr) == {code}
    assert result.exit_code == 1
    assert result.stdout == ""
    assert not list(tmp_path.iterdir()), "nothing was begun"


@pytest.mark.parametrize(
    "ask",
    [
        lambda path: api.load(path, "cells"),
        lambda path: api.loads(path.read_text(encoding="utf-8"), "cells"),
        lambda path: api.run(f"{path}::tiny"),
        lambda path: load_space(path, "cells"),
        lambda path: load_job(str(path), "tiny"),
    ],
)
def test_the_api_says_it_too(
    wrong: tuple[str, Path], ask: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, path = wrong
    monkeypatch.chdir(tmp_path)
    with pytest.raises(api.SpaceError) as raised:
        ask(path)
    assert {d.code for d in raised.value.diagnostics} == {code}


def test_the_text_that_is_changed_is_right(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.space"
    path.write_text(RIGHT, encoding="utf-8")
    assert not check_file(path)
    assert stdsl("count", f"{path}::cells").stdout == "2\n"
    assert stdsl("plan", f"{path}::tiny", "-q").exit_code == 0


def test_what_the_command_line_gives_comes_in_place_of_the_text(stdsl: Any, tmp_path: Path) -> None:
    """A space that is wrong as it stands is right with `-p`, and a search with `--set`."""
    path = tmp_path / "t.space"
    path.write_text(changed("space cells(c = 4)", "space cells(c = 0)"), encoding="utf-8")
    assert codes(stdsl("count", f"{path}::cells").stderr) == {"E0215"}
    path.write_text(RIGHT + "space budget(most = 10) = net where flops <= most\n", encoding="utf-8")
    assert codes(stdsl("count", f"{path}::budget").stderr) == {"E0441"}
    assert stdsl("count", f"{path}::budget", "-p", "most=10000000").stdout == "2\n"
    path.write_text(changed("motions = 4", "motions = 5"), encoding="utf-8")
    assert codes(stdsl("plan", f"{path}::tiny").stderr) == {"E0516"}
    assert stdsl("plan", f"{path}::tiny", "--set", "data.motions=4", "-q").exit_code == 0


NEEDING: Final = (
    HEAD.replace("space cells", "space few = net where flops <= 1G\nspace cells")
    + """search paths {
  space = cells(4)
  strategy = sampling { steps = 2  batch = 4  draw = uniform  derive { candidates = 2 } }
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)
  retrain { steps = 2  batch = 4 }
}
search bred {
  space = few
  needs = [paths]
  strategy = random { fitness { weights = shared  batch = 4 } }
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)
}
search beside {
  space = cells  strategy = short  fuse = [paths]
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)
  retrain { steps = 2  batch = 4 }
}
"""
)


@pytest.mark.parametrize("setting", ["seed=1", "data.test=32", "data.train=32", "space=few", "retrain=none"])
def test_what_a_call_changes_of_a_search_is_nothing_to_those_that_need_it(tmp_path: Path, setting: str) -> None:
    """They need it as the file has it, and run it so."""
    path = tmp_path / "needing.space"
    path.write_text(NEEDING, encoding="utf-8")
    for name in ("paths", "bred", "beside"):
        assert load_job(str(path), name).config.name == name
    assert load_job(str(path), "paths", [setting]).config.name == "paths"


def test_options_that_make_a_right_text_wrong_are_blamed(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.space"
    path.write_text(RIGHT, encoding="utf-8")
    for options in (("count", f"{path}::cells", "-p", "c=0"), ("plan", f"{path}::tiny", "--set", "data.motions=5")):
        result = stdsl(*options)
        assert result.exit_code == 2 if options[0] == "count" else 1
        assert codes(result.stderr) & {"E0654", "E0516"}


@pytest.mark.parametrize("value", ["1.5", "0", "-1", "true", '"a"', "3x3"])
def test_a_wrong_value_of_a_parameter_is_one_mistake(stdsl: Any, tmp_path: Path, value: str) -> None:
    """However many places cannot take it: of several values, that alone which makes the space wrong."""
    path = tmp_path / "t.space"
    path.write_text(
        "stdsl 1\nmeta net(c, d) on x: image(3, 8, 8) { return x -> conv(c, 3x3) -> conv(2 * c, d) -> pointwise(c) }\n"
        "space s(c = 4, d = 3) = net(c, d)\n",
        encoding="utf-8",
    )
    result = stdsl("info", str(path), "-p", f"c={value}", "-p", "d=1")
    assert result.exit_code == 2
    assert result.stderr.count("error[") == 1
    assert codes(result.stderr) == {"E0654"}
    assert f"-p c={value}" in result.stderr
    assert "-p d" not in result.stderr


def test_a_file_of_the_library_is_not_checked_again(stdsl: Any) -> None:
    facts = json.loads(stdsl("count", "darts::darts_small", "--json").stdout)
    assert facts["count"] == {"min": "972093685607228160", "max": "972093685607228160", "exact": True}


def test_what_cannot_run_yet_is_told_by_plan_run_and_check_with_run(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.space"
    limited = {
        "in a strategy": changed("measure = 0", "measure = 0  relax { sharing = slice }"),
        "an objective": changed(
            "strategy = short", "strategy = sampling { samples = 2  batch = 4  objectives = [kl_drop_path] }"
        ),
        "data": RIGHT.replace("video: clip(1, 8, 16, 16)", "video: clip(3, 8, 16, 16)").replace(
            "motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)",
            'kinetics(root = "x", frames = 8, size = 16, classes = 4)',
        ),
        "in what is needed": RIGHT.replace("tiny", "other").replace(
            "strategy = short", "strategy = short { relax { sharing = slice } }"
        )
        + SEARCH.replace("space = cells", "space = cells  needs = [other]"),
    }
    for what, text in limited.items():
        path.write_text(text, encoding="utf-8")
        assert stdsl("check", str(path)).stdout == "", what
        assert codes(stdsl("check", "--run", str(path)).stdout) == {"E0701"}, what
        for call in (("plan", f"{path}::tiny"), ("run", f"{path}::tiny", "--out", str(tmp_path / "out"))):
            result = stdsl(*call)
            assert codes(result.stderr) == {"E0701"}, what
            assert result.exit_code == 1
        assert not (tmp_path / "out").exists()
        assert stdsl("count", f"{path}::cells").stdout == "2\n"


def test_the_library_is_silent_but_for_what_cannot_run(stdsl: Any) -> None:
    """Without `--run` it is silent altogether (`tests/e2e/test_library_spaces.py`)."""
    result = stdsl("check", "--run", "--format", "concise", "sdas", "evanet", "darts")
    assert result.exit_code == 1
    assert {line.split()[1] for line in result.stdout.splitlines()} == {"E0701"}
    assert "darts" not in {line.split(":")[0] for line in result.stdout.splitlines()}
