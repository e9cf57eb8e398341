"""A run, after which the text changes: another kind of pool, which has no weights either."""

from pathlib import Path

import numpy as np

import stdsl


def prepare(monkeypatch):
    np.savez("a.npz", x=np.random.default_rng(0).random((40, 1, 8, 8), np.float32), y=np.arange(40) % 2)
    stdsl.run("pools.space", out="run", device="cpu", hands=0, progress=False)
    file = Path("pools.space")
    file.write_text(file.read_text(encoding="utf-8").replace("max_pool", "avg_pool"), encoding="utf-8")
