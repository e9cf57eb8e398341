"""Twenty-four folders of frames, one of which holds a page, and a video that is a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for number in range(24):
        folder = Path("films", "ab"[number % 2], f"{number:02}")
        folder.mkdir(parents=True)
        for name in ("9.png", "10.png"):
            Image.fromarray(rng.integers(0, 256, (18, 18, 3), dtype=np.uint8)).save(folder / name)
    Path("films/a/00/9.png").write_text("<html>a page</html>")
    Path("films/b/film.avi").write_text("no film")
