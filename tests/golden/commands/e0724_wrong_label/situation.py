"""Files whose labels are those of another data set."""

import pickle
from pathlib import Path

import numpy as np


def prepare(monkeypatch):
    folder = Path("pictures")
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
        table = {b"data": rng.integers(0, 256, (8, 3072), dtype=np.uint8), b"labels": list(range(10, 18))}
        (folder / name).write_bytes(pickle.dumps(table, protocol=2))
