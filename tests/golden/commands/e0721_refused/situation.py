"""A journal that the system does not let anybody read."""

from pathlib import Path


def prepare(monkeypatch):
    Path("run/journal.jsonl").unlink()
    Path("run/journal.jsonl").mkdir()
