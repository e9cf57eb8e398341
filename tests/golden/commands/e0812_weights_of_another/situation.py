"""Weights of a network, and of the supernet of its space; names of all architectures are the same."""

from pathlib import Path

import stdsl
from stdsl.runtime.tracking.weights import save_weights


def prepare(monkeypatch):
    space = stdsl.load("pools.space", "pools")
    for pool in ("most", "mean"):
        space.architecture({"y.pool": pool}).save(f"{pool}.arch.json")
    save_weights(stdsl.compile(space, {"y.pool": "most"}), Path("most.safetensors"))
    save_weights(stdsl.compile(space), Path("supernet.safetensors"))
