"""A machine without a C++ compiler."""

import torch


def prepare(monkeypatch):
    from torch._inductor.exc import InductorError

    def compiled(*inputs):
        raise InductorError(RuntimeError("No working C++ compiler found"), None)

    monkeypatch.setattr(torch, "compile", lambda network: compiled)
