"""A name that no file system takes is the name of a file that is not there, for every command and in every place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click.testing
import pytest

from stdsl.cli.index import COMMANDS

LONG: Final = "a" * 300

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "new": ("{long}",),
    "check": ("{long}", "{long}::s", "{small} {long}"),
    "fmt": ("{long}",),
    "info": ("{long}", "{small} --arch {long}"),
    "count": ("{long}::s",),
    "sample": ("{long}", "{small} -o {long}"),
    "graph": ("{long}", "{small} --arch {long}", "{small} -o {long}"),
    "compile": ("{long}", "{small} --to graph -o {long}", "{small} --to module --arch {long}"),
    "plan": ("{long}",),
    "run": ("{long}", "{small} -o {long}", "--resume {long}"),
    "derive": ("{long}", "{small} --out {long}"),
    "show": ("{long}",),
    "predict": ("{long} {small}", "{small} {long}"),
    "explain": ("{long}",),
    "data": ("check {long}",),
}


def test_every_command_is_called() -> None:
    assert set(CALLS) == set(COMMANDS)


@pytest.mark.parametrize("call", [f"{command} {rest}" for command, calls in CALLS.items() for rest in calls])
def test_long_names(call: str, stdsl: Callable[..., click.testing.Result], small: str) -> None:
    result = stdsl(*call.format(long=LONG, small=small).split())
    assert result.exit_code in (1, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("written", [LONG, f'"{LONG}.space"', '"a\\0b.space"', f'"{"d/" * 3000}x.space"'])
def test_long_names_in_use(written: str, stdsl: Callable[..., click.testing.Result], tmp_path: Path) -> None:
    file = tmp_path / "long.space"
    file.write_text(f"stdsl 1\nuse {written} (x)\nspace s = x()\n")
    result = stdsl("check", str(file))
    assert result.exit_code == 1, result.output
    assert "error[E" in result.stdout
