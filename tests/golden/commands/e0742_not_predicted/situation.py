"""A network that was exported and one that was not, and a page that is called an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import stdsl


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        path = Path("photos", "ab"[number % 2], f"{number:02}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9, 9, 3), 100, np.uint8)).save(path)
    stdsl.run("mine.space", out="run", device="cpu")
    stdsl.run("other.space", out="other", device="cpu")
    for path in Path("photos").rglob("*.png"):
        path.unlink()
    Path("page.png").write_text("<html>a page</html>")
    Image.fromarray(np.full((9, 9, 3), 100, np.uint8)).save("photos/a/00.png")
