"""What must not stand in a committed file: places of one machine, links that are no longer there, stray files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w")
LINKS = {f"stdsl/{name}": f"../{name}" for name in ("compiler", "runtime", "grammars", "spaces")}
TOP = {"benchmarks", "compiler", "docs", "examples", "grammars", "runtime", "spaces", "stdsl", "tests", ".ci"}


@pytest.fixture(scope="module")
def committed() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]


def test_no_places_of_one_machine(committed: list[str]) -> None:
    found = []
    for name in committed:
        path = ROOT / name
        if path.is_symlink() or not path.is_file() or path.suffix in (".gz", ".onnx", ".npy"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{name}:{number}")
    assert found == []


def test_the_links_lead_to_the_folders(committed: list[str]) -> None:
    links = {name: str((ROOT / name).readlink()) for name in committed if (ROOT / name).is_symlink()}
    assert links == LINKS


def test_the_top_level_is_fixed(committed: list[str]) -> None:
    assert {name.split("/")[0] for name in committed if "/" in name} <= TOP
