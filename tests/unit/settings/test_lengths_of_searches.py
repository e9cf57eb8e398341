"""Which settings say how long a search is: those of its strategy, or of each of its phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("length", "phases", "expected"),
    [
        ("", "", ("epochs",)),
        ("epochs = 3", "", ("epochs",)),
        ("steps = 3", "", ("steps",)),
        ("steps = 3", "phase { }", ("steps",)),
        ("steps = 3", "phase { epochs = 2 }", ("epochs",)),
        ("epochs = 3", "phase { steps = 2 }  phase { steps = 4 }", ("steps",)),
        ("epochs = 3", "phase { steps = 2 }  phase { }", ("steps", "epochs")),
        ("steps = 3", "phase { }  phase { epochs = 1 }  phase { steps = 1 }", ("steps", "epochs")),
    ],
)
def test_lengths(read: Callable[[str], Any], length: str, phases: str, expected: tuple[str, ...]) -> None:
    settings = f"strategy = gradient {{ {length} }}  {phases}  retrain {{ steps = 9 }}"
    config = read(f"search s {{ space = x  data = motion_digits  {settings} }}").search()
    assert config.lengths == expected
    assert config.searches_epochs == ("epochs" in expected)
