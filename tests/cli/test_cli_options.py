"""Mistakes in options: which one, where in it, and exit code 2."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from stdsl.cli.options import budgets
from stdsl.compiler.diagnostics.option import option_text

SPACE = """\
stdsl 1
meta net(c = 4, mode = "a") on x: image(3, 8, 8) {
  stem = x -> conv(c, 3x3) -> bn -> relu
  y = stem -> choose {plain: conv(c, 3x3), wide: conv(c, 5x5)} as kind
  return y -> global_avg_pool -> linear(3)
}
space s(c = 4, mode = "a") = net(c, mode)
"""


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("s.space").write_text(SPACE, encoding="utf-8")
    return "s.space"


def test_places_in_an_option_are_places_in_what_people_typed() -> None:
    option = option_text("-p c=", "[16", "stdsl 1 let value = ")
    assert option.text.startswith("stdsl 1 let value = [16")
    assert option.value.text == "[16"
    assert str(option.value) == "command line:1:6"
    assert option.line(1) == "-p c=[16"
    name = option.part(3, 4)
    assert name.text == "c"
    assert str(name) == "command line:1:4"
    assert option.position(0).column == 6
    assert option.position(len(option.text)).column == len("-p c=[16") + 1


@pytest.mark.parametrize(
    ("call", "marked", "said"),
    [
        (("count", "s.space", "-p", "q=1"), "-p q=1\n  |    ^ ", "`s` has no parameter `q`"),
        (("count", "s.space", "-p", "c=[16"), "-p c=[16\n", "never closed"),
        (("count", "s.space", "-p", "c=conv"), "-p c=conv\n  |      ^^^^", """write -p 'c="conv"'"""),
        (("count", "s.space", "-p", "c=choose {1, 2}"), "-p c=choose {1, 2}\n  |      ^^", "not a choice"),
        (("count", "s.space", "-p", "c=1 let d = 2"), "-p c=1 let d = 2\n", "several things"),
        (("count", "s.space", "-p", "c=0"), "-p c=0\n  |      ^ without it", "`conv`: `c` must be"),
        (("sample", "s.space", "--witness", "E0204", "-p", "q=1"), "-p q=1\n", "no parameter `q`"),
        (("info", "s.space", "--arch", "no.json"), "--arch no.json\n  |        ^^^^^^^", "No such file"),
        (("graph", "s.space", "--arch", "."), "--arch .\n  |        ^", "it is a folder"),
        (
            ("compile", "s.space", "--to", "supernet", "--passes", "fold_clips,bogus"),
            "--passes fold_clips,bogus\n  |                     ^^^^^",
            "no pass `bogus`",
        ),
        (("run", "--resume", "no"), "--resume no\n  |          ^^", "not a run directory"),
    ],
)
def test_a_mistake_in_an_option_is_shown_in_it(
    stdsl: Any, text: str, call: tuple[str, ...], marked: str, said: str
) -> None:
    result = stdsl(*call)
    assert result.exit_code == 2, result.output
    assert marked in result.stderr
    assert said in result.stderr
    assert result.stdout == ""


def test_a_mistake_of_the_text_stays_1_with_and_without_options(stdsl: Any, text: str) -> None:
    Path(text).write_text(SPACE.replace("-> bn", "-> bnn"), encoding="utf-8")
    for call in (("count", text), ("count", text, "-p", "c=8")):
        result = stdsl(*call)
        assert result.exit_code == 1
        assert "command line" not in result.stderr


@pytest.mark.parametrize(
    ("setting", "marked"),
    [
        ("bogus=1", "--set bogus=1\n  |       ^^^^^ "),
        ("retrain.bogus=1", "--set retrain.bogus=1\n  |               ^^^^^ "),
        ("seed.x=1", "--set seed.x=1\n  |       ^^^^"),
        ("retrain.epochs=x", "--set retrain.epochs=x\n  |                      ^"),
        ("retrain.epochs=1]", "--set retrain.epochs=1]\n  |                      ^^"),
        ("data=motion_digits(\n  size=x)", "--set data=motion_digits(   size=x)\n"),
        ("space=bogus", "--set space=bogus\n  |             ^^^^^"),
    ],
)
def test_a_mistake_in_a_setting_is_shown_in_it(stdsl: Any, setting: str, marked: str) -> None:
    example = Path(__file__).parents[2] / "examples" / "quickstart.space"
    result = stdsl("plan", str(example), "--set", setting)
    assert result.exit_code == 2, result.output
    assert marked in result.stderr


def test_check_takes_files(stdsl: Any, text: str) -> None:
    result = stdsl("check", f"{text}::s")
    assert result.exit_code == 2
    assert f"write {text}" in result.stderr
    assert stdsl("sample", text, "--witness", "bogus").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "model.onnx", ""),
        ("predict", "", "a.png"),
        ("show", ""),
        ("derive", ""),
        ("derive", "run", "--out", ""),
        ("new", ""),
        ("run", "s.space", "--out", ""),
        ("run", "--resume", ""),
        ("compile", "s.space", "--to", "ir", "-o", ""),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_the_folder_at_work(command: tuple[str, ...], text: str, stdsl: Any) -> None:
    result = stdsl(*command)
    assert result.exit_code == 2
    assert "it is empty: name a path" in result.stderr


def test_a_model_that_is_no_regular_file(tmp_path: Path, stdsl: Any) -> None:
    os.mkfifo(tmp_path / "model.onnx")
    for path, words in ((tmp_path / "model.onnx", "is no regular file"), (Path("/dev/zero"), "is no regular file")):
        result = stdsl("predict", str(path), "a.png")
        assert result.exit_code == 2
        assert "E0741" in result.stderr
        assert words in result.stderr
    assert "is not there" in stdsl("predict", str(tmp_path / "no.onnx"), "a.png").stderr


@click.command()
@budgets()
def echo(budgets: tuple[int, ...]) -> None:
    """What a command gets of its budgets."""
    click.echo(" ".join(map(str, budgets)))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2500000", 2500000),
        ("2.5M", 2500000),
        ("2.5e6", 2500000),
        ("1e6", 1000000),
        ("1E+6", 1000000),
        ("25000000e-1", 2500000),
        ("0.0025e3M", 2500000),
        ("1.0", 1),
        ("0", 0),
    ],
)
def test_budgets_are_whole_numbers_as_the_language_writes_them(text: str, number: int) -> None:
    result = CliRunner().invoke(echo, ["--budget", text])
    assert (result.exit_code, result.output) == (0, f"{number}\n")


@pytest.mark.parametrize("text", ["2.5", "1.2345K", "25e-1", "1e999", "1e", "e6", "-3M", "lots", "", "1" * 31])
def test_what_is_no_whole_number_is_no_budget(text: str) -> None:
    result = CliRunner().invoke(echo, ["--budget", text])
    assert result.exit_code == 2
    told = f"write a whole number such as 3000000 or 3M, not {text!r}\n"
    assert result.output.endswith(told)


def test_the_suffix_that_is_meant() -> None:
    result = CliRunner().invoke(echo, ["--budget", "2.5m"])
    assert result.output.endswith("not '2.5m'; did you mean 2.5M?\n")
