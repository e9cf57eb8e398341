"""A folder that holds something already."""

from pathlib import Path


def prepare(monkeypatch):
    Path("full").mkdir()
    Path("full/thesis.txt").write_text("The only copy.")
