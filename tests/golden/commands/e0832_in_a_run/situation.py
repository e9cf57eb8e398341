"""The limit of a file, lowered."""

from stdsl.compiler.backends.export import onnx


def prepare(monkeypatch):
    monkeypatch.setattr(onnx, "LIMIT", 400)
