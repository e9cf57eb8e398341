"""Programs in a network of their own: there Ray, which listens on all interfaces, can be reached by nobody else."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = "STDSL_TESTS_IN_PRIVATE_NETWORK"
"""Is set where the network is one of this process alone."""
LOOPBACK = "ip link set lo up && exec "


def private_network() -> list[str]:
    """The command that runs a program with a network of its own; skips the test where there is none."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed")
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("`unshare` and `ip` are not here")
    command = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    tried = subprocess.run([*command, "sh", "-c", LOOPBACK + "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network of its own can be made: {tried.stderr.strip()}")
    return command


def passes_inside(path: Path) -> None:
    """Run the tests of a file in a network of its own; asserts that they pass."""
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    inside = os.environ | {INSIDE: "1", "PYTHONPATH": str(ROOT)}
    command = [*private_network(), "sh", "-c", LOOPBACK + '"$@"', "sh", *suite]
    done = subprocess.run(command, capture_output=True, text=True, env=inside, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
