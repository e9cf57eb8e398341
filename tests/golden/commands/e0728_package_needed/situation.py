"""Images, and nothing that decodes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        Path("photos", name).mkdir(parents=True)
    monkeypatch.setitem(sys.modules, "PIL", None)
