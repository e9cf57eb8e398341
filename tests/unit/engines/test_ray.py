"""The engine of Ray clusters passes the suite of all engines, in a network of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))

from private_network import passes_inside


@pytest.mark.slow
def test_it_passes_the_suite_of_every_engine() -> None:
    passes_inside(Path(__file__).with_name("test_every_engine.py"))
