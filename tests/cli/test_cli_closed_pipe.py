"""Whoever reads what a command writes may go away before its end (`… | head`): that is no mistake of anybody's."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", [("explain", "E0204"), ("plan", "examples/quickstart.space", "--quiet")])
def test_it_ends_without_a_word(command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    call = [sys.executable, "-m", "stdsl", *command]
    done = subprocess.run(call, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=120)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_console_of_richs_own_ends_the_program() -> None:
    """One that writes to a buffer may stand there: it has no reader."""
    for folder in ("stdsl/cli", "stdsl/reference", "runtime"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Console":
                    assert any(one.arg == "file" for one in call.keywords), path
