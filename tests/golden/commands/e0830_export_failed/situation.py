"""A conversion that fails."""

import torch


def prepare(monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no such operator in opset 18")

    monkeypatch.setattr(torch.onnx, "export", fail)
