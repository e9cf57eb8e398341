"""The hooks that the repository offers to pre-commit run commands that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from stdsl.cli.main import cli

HOOKS = Path(__file__).parents[3] / ".pre-commit-hooks.yaml"
REQUIRED = {"id", "name", "entry", "language", "files"}


def hooks() -> list[dict[str, str]]:
    """The file is a list of flat mappings; this is all of YAML that it uses."""
    found: list[dict[str, str]] = []
    for line in HOOKS.read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"(- |  )(\w+): (.+)", line)
        assert match, line
        if match[1] == "- ":
            found.append({})
        assert match[2] not in found[-1]
        found[-1][match[2]] = match[3]
    return found


def test_hooks_are_complete() -> None:
    assert [hook["id"] for hook in hooks()] == ["stdsl-fmt", "stdsl-check"]
    for hook in hooks():
        assert hook.keys() >= REQUIRED
        assert hook["language"] == "python"
        assert re.search(hook["files"], "spaces/std/video.space")
        assert not re.search(hook["files"], "spaces/std/video.space.py")


@pytest.mark.parametrize("id", ["stdsl-fmt", "stdsl-check"])
def test_entries_are_commands(id: str) -> None:
    entry = next(hook["entry"] for hook in hooks() if hook["id"] == id)
    program, *arguments = shlex.split(entry)
    assert program == "stdsl"
    shown = CliRunner().invoke(cli, [*arguments, "--help"])
    assert shown.exit_code == 0
    assert "FILE" in shown.output


def test_the_formatting_hook_mends_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.space"
    file.write_text("stdsl   1\nlet a=1\n", encoding="utf-8")
    entry = shlex.split(hooks()[0]["entry"])
    CliRunner().invoke(cli, [*entry[1:], str(file)])
    assert file.read_text(encoding="utf-8") == "stdsl 1\nlet a = 1\n"
