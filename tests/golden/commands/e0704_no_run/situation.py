"""A folder that is no run."""

from pathlib import Path


def prepare(monkeypatch):
    Path("empty").mkdir()
