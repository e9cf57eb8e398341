"""Run directories: checkpoints that survive damage, and a journal in which each fact is there once."""

from pathlib import Path

import pytest
import torch

from stdsl.runtime.tracking.checkpoints import Checkpoints
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.tracking.tracker import Tracker


def state(number: float) -> dict:
    return {
        "model": {"w": torch.full((3, 2), number), "steps": torch.tensor(7), "empty": torch.empty(0)},
        "optimizer": {"state": {0: {"m": torch.ones(2, dtype=torch.float64)}}, "groups": [{"betas": (0.9, 0.999)}]},
        "best": None,
        "number": number,
    }


def same(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def test_round_trip_keeps_types_and_bits(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(0.1))
    assert same(checkpoints.load(), state(0.1))


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for number in range(5):
        checkpoints.save(state(number))
    assert [path.stem for path in checkpoints.paths()] == ["000004", "000005"]


def test_channels_last_and_shared_tensors(tmp_path: Path) -> None:
    weight = torch.randn(2, 3, 4, 4, 4).contiguous(memory_format=torch.channels_last_3d)
    Checkpoints(tmp_path).save({"a": weight, "b": weight, "half": weight[:, :1]})
    loaded = Checkpoints(tmp_path).load()
    assert loaded is not None
    assert torch.equal(loaded["a"], weight)
    assert torch.equal(loaded["half"], weight[:, :1])


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, damage: str) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1.0))
    path = checkpoints.save(state(2.0))
    data = bytearray(path.read_bytes())
    if damage == "truncate":
        data = data[: len(data) // 2]
    elif damage == "flip":
        data[-3] ^= 1
    else:
        data.clear()
    path.write_bytes(bytes(data))
    assert same(checkpoints.load(), state(1.0))
    assert not path.exists()


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="optimizer"):
        Checkpoints(tmp_path).save({"optimizer": object()})
    assert Checkpoints(tmp_path).paths() == []


def test_reopening_cuts_the_journal_to_the_checkpoint(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    for step in range(4):
        tracker.journal.write("step", phase="search", step=step)
        if step == 1:
            tracker.checkpoint("search", 2, state(2.0))
    tracker.close()
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"event": "st')
    tracker = Tracker(tmp_path)
    restored = tracker.restored("search")
    assert restored is not None
    assert restored.step == 2
    assert same(restored.state, state(2.0))
    assert tracker.restored("retrain") is None
    assert [line["step"] for line in read_journal(tmp_path / "journal.jsonl")] == [0, 1]
    tracker.close()


def test_finished_phases_are_remembered(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    tracker.checkpoint("search", 1, state(1.0))
    tracker.finish("search", {"accuracy": 0.5})
    tracker.close()
    tracker = Tracker(tmp_path)
    assert tracker.finished == {"search": {"accuracy": 0.5}}
    assert tracker.restored("search") is None
    newest = tracker.checkpoints.paths()[-1]
    tracker.close()
    newest.write_bytes(b"torn")
    tracker = Tracker(tmp_path)
    assert tracker.finished == {}
    assert tracker.restored("search") is not None
    tracker.close()


def test_a_folder_without_checkpoints_starts_afresh(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text('{"event": "step", "step": 0}\n')
    tracker = Tracker(tmp_path)
    tracker.close()
    assert (tmp_path / "journal.jsonl").read_text() == ""
