"""Small tensors: one thread is faster than several that wait for each other."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def alone(one_thread: None) -> None:
    """For all tests of this folder."""
