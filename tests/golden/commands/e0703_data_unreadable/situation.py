"""Files of the data set that hold something else."""

from pathlib import Path


def prepare(monkeypatch):
    folder = Path("pictures")
    folder.mkdir(parents=True)
    for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
        (folder / name).write_bytes(b"not a batch")
