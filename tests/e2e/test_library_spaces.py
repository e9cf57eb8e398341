"""Every file of the library: it checks without a message, stands in the canonical layout, and each of its spaces that
the gradient family searches can become a mixture."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import stdsl
from stdsl.cli.main import cli

SPACES = Path(stdsl.__file__).parent / "spaces"
FILES = sorted(SPACES.rglob("*.space"))

SEARCHED = [
    ("sdas", ("cifar", "imagenet", "video_o2d", "video_o3d", "video")),
    ("pc_darts", ("pc_darts_cifar", "pc_darts_imagenet")),
    ("autodeepfuse", ("s1_all", "s1_top", "s2_all", "s2_top")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_checks_without_a_message(path: Path) -> None:
    found = CliRunner().invoke(cli, ["check", str(path)])
    assert (found.exit_code, found.output) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_is_in_the_canonical_layout(path: Path) -> None:
    assert CliRunner().invoke(cli, ["fmt", "--check", str(path)]).exit_code == 0


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, names in SEARCHED for name in names])
def test_can_become_a_mixture(file: str, name: str) -> None:
    assert stdsl.load(file, name).not_relaxable == ()
