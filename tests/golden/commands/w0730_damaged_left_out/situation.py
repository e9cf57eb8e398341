"""Forty images, two of which are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for number in range(40):
        path = Path("photos", "ab"[number % 2], f"{number:02}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (18, 18, 3), dtype=np.uint8)).save(path)
    for name in ("a/00.png", "b/01.png"):
        Path("photos", name).write_text("<html>a page</html>")
