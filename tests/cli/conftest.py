from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from stdsl.cli.main import cli

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "generators"))

SMALL = """\
stdsl 1
# A space small enough to count by hand.
meta net(c = 4, classes = 3) on image: image(3, 8, 8) {
  stem = image -> conv(c, 3x3) -> bn -> relu
  y = [stem, stem -> conv(c, 3x3)]
    -> each choose {identity, conv: conv(same, 3x3)} as kind
    -> keep 1..2 as inputs
    -> sum
  return y -> global_avg_pool -> linear(classes)
}

space small(c = 4) = net(c)
space budget = net where params <= 500
space fixed = plain

meta plain on image: image(3, 8, 8) = image -> conv(4, 3x3) -> global_avg_pool -> linear(3)
"""
"""`small` has 2 + 2 + 2·2 = 8 architectures."""

Invoke = Callable[..., click.testing.Result]


@pytest.fixture
def stdsl() -> Invoke:
    """Calls the command line in this process: ``stdsl("count", "x.space")``."""
    runner = click.testing.CliRunner()

    def call(*arguments: str, input: str | bytes | None = None) -> click.testing.Result:
        result = runner.invoke(cli, list(arguments), input=input, prog_name="stdsl")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.space"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python in a process of its own, in a temporary folder: ``program("-m", "stdsl", "count", …)``."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
            timeout=120,
        )

    return call
