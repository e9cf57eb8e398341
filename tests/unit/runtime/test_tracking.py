"""Run directories: checkpoints that survive damage, and a journal in which each fact is there once."""

import math
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.tracking.checkpoints import Checkpoints
from stdsl.runtime.tracking.files import write_json
from stdsl.runtime.tracking.finished import finished_phases
from stdsl.runtime.tracking.journal import Journal, read_journal
from stdsl.runtime.tracking.tracker import Tracker
from stdsl.runtime.tracking.weights import load_tensors, load_weights, save_tensors, save_weights


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
    (tmp_path / "journal.jsonl").write_text('{"event": "step", "phase": "search", "step": 0}\n')
    tracker = Tracker(tmp_path)
    tracker.close()
    assert (tmp_path / "journal.jsonl").read_text() == ""


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(bytes(content))


def test_two_damaged_checkpoints_stop_the_run_and_stay(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    paths = [checkpoints.save(state(number)) for number in (1.0, 2.0)]
    for path in paths:
        damage(path)
    with pytest.raises(RunError, match=r"E0722.*000001\.safetensors and 000002\.safetensors"):
        checkpoints.load()
    assert checkpoints.paths() == paths


def test_a_checkpoint_that_cannot_be_read_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    first, second = (checkpoints.save(state(number)) for number in (1.0, 2.0))
    second.unlink()
    second.mkdir()  # reading it fails, whoever asks
    with pytest.raises(RunError, match=r"E0721.*cannot be read"):
        checkpoints.load()
    assert checkpoints.paths() == [first, second]
    second.rmdir()
    (tmp_path / "journal.jsonl").touch()
    with pytest.raises(RunError, match=r"E0721.*cannot be read"):  # nor is a folder that cannot be listed an empty one
        Checkpoints(tmp_path / "journal.jsonl").paths()


def test_without_leave_to_read_nothing_begins_again(tmp_path: Path) -> None:
    """As another user, whom the system refuses."""
    tracker = Tracker(tmp_path / "run")
    tracker.finish("search", {"accuracy": 0.5})
    tracker.close()
    before = (tmp_path / "run" / "journal.jsonl").read_bytes()
    for refused in (tmp_path / "run" / "checkpoints" / "000001.safetensors", tmp_path / "run" / "checkpoints"):
        mode = refused.stat().st_mode
        refused.chmod(0)
        with pytest.raises(RunError, match=r"E0721.*Permission denied"), other_user(tmp_path):
            Tracker(tmp_path / "run")
        refused.chmod(mode)
    assert (tmp_path / "run" / "journal.jsonl").read_bytes() == before
    assert finished_phases(tmp_path / "run") == {"search": {"accuracy": 0.5}}


@contextmanager
def other_user(folder: Path) -> Iterator[None]:
    """Root is refused nothing: become somebody else who owns the folder."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)
    opened = [path for path in folder.parents if not path.stat().st_mode & 1]
    for path in opened:
        path.chmod(path.stat().st_mode | 1)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for path in opened:
            path.chmod(path.stat().st_mode & ~1)


def test_the_end_of_a_journal_may_be_torn_and_nothing_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    lines = [b'{"event": "step", "phase": "search", "step": %d}' % number for number in range(4)]
    path.write_bytes(b"\n".join(lines))
    assert [line["step"] for line in read_journal(path)] == [0, 1, 2]
    for wrong in (
        b"{",
        b"[]",
        b'{"step": 1}',
        b'{"event": "step"}',
        b"\x00" * 9,
        b"[" * 100_000,
        b"\xff",
        b'{"event": "a", "x": NaN}',
    ):
        path.write_bytes(b"\n".join([*lines[:2], wrong, lines[3], b""]))
        with pytest.raises(RunError, match=r"E0722.*line 3"):
            list(read_journal(path))


def journal_of(folder: Path, steps: int = 5) -> Path:
    journal = Journal(folder / "journal.jsonl")
    for step in range(steps):
        journal.write("step", phase="search", step=step, loss=0.5, name="×")
    journal.close()
    return journal.path


def test_a_bit_of_a_journal_that_is_not_what_was_written_is_seen(tmp_path: Path) -> None:
    """All lines tell what they told, or the journal is damaged; of the last one alone the end may be gone."""
    path = journal_of(tmp_path, 3)
    whole, right = path.read_bytes(), list(read_journal(path))
    assert [line["step"] for line in right] == [0, 1, 2]
    assert all(line.keys() == {"time", "event", "phase", "step", "loss", "name"} for line in right)
    missed = []
    for place in range(8 * len(whole)):
        content = bytearray(whole)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(content)
        try:
            assert list(read_journal(path)) == right[:2]
            missed.append(place // 8)
        except RunError:
            continue
    assert set(missed) == {len(whole) - 1}


@pytest.mark.parametrize("order", [[0, 2, 3, 4], [1, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 1, 2, 3, 4], [0, 0, 1, 2, 3, 4]])
def test_lines_that_are_gone_doubled_or_moved_are_seen(tmp_path: Path, order: list[int]) -> None:
    path = journal_of(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(RunError, match=r"E0722.*is not what was written"):
        list(read_journal(path))


def test_a_journal_of_before_is_gone_on_with(tmp_path: Path) -> None:
    """Its lines have no checksums; what is written behind them tells whether they change from then on."""
    old = b'{"event": "step", "phase": "search", "step": 0}\n'
    path = tmp_path / "journal.jsonl"
    path.write_bytes(old)
    journal_of(tmp_path, 2)
    assert [line["step"] for line in read_journal(path)] == [0, 0, 1]
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"step": 0', b'"step": 1', 1))
    with pytest.raises(RunError, match=r"E0722.*line 2 is not what was written, or one before"):
        list(read_journal(path))
    path.write_bytes(content + old)
    with pytest.raises(RunError, match=r"E0722.*line 4 has no checksum, as lines before have"):
        list(read_journal(path))


def test_a_checksum_is_told_as_the_documentation_says(tmp_path: Path) -> None:
    total = 0
    for line in journal_of(tmp_path).read_bytes().splitlines():
        text, _, checksum = line.rpartition(b', "crc32": "')
        total = zlib.crc32(text + b"}", total)
        assert checksum == b'%08x"}' % total


def test_a_checkpoint_at_the_end_of_no_line_is_told_of(tmp_path: Path) -> None:
    """The end of the line is gone, not the line: it would be left out as one that a killed run did not finish."""
    tracker = Tracker(tmp_path)
    tracker.finish("search", {"accuracy": 0.5})
    tracker.close()
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-1] + b"\x0b")
    with pytest.raises(RunError, match=r"E0722.*no line ends where the newest checkpoint says"):
        Tracker(tmp_path)


def test_what_is_lost_is_told_and_not_begun_again(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    for phase in ("search", "derive"):
        tracker.finish(phase, {})
    tracker.journal.write("step", phase="retrain", step=0)
    tracker.close()
    journal = tmp_path / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole.splitlines(keepends=True)[0])
    with pytest.raises(RunError, match=r"E0722.*shorter"):
        Tracker(tmp_path)
    journal.write_bytes(whole)
    for path in Checkpoints(tmp_path / "checkpoints").paths():
        path.unlink()
    with pytest.raises(RunError, match=r"E0722.*it is empty"):
        Tracker(tmp_path)
    assert journal.read_bytes() == whole


def test_a_checkpoint_after_the_millionth_is_the_newest(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1.0)).rename(tmp_path / "999999.safetensors")
    for number in (2.0, 3.0):
        checkpoints.save(state(number))
    assert [path.stem for path in checkpoints.paths()] == ["1000000", "1000001"]
    assert same(checkpoints.load(), state(3.0))


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    """Metadata too, which the library writes in another order each time."""
    tensors = {f"w{n}": torch.full((n + 1,), float(n)) for n in range(5)}
    about = {f"key {n}": "×" * n for n in range(9)}
    contents = set()
    for n in range(12):
        save_tensors(tensors, tmp_path / f"{n}.safetensors", about)
        contents.add((tmp_path / f"{n}.safetensors").read_bytes())
    assert len(contents) == 1
    with safe_open(tmp_path / "0.safetensors", "pt") as file:
        assert file.metadata().items() > about.items()
        assert all(torch.equal(file.get_tensor(name), value) for name, value in tensors.items())
    assert load_tensors(tmp_path / "0.safetensors").keys() == tensors.keys()


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "other"])
def test_weights_that_are_not_what_was_written(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(torch.nn.Linear(3, 2 if damage != "other" else 4), path)
    if damage == "gone":
        path.unlink()
    elif damage != "other":
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else -4])
    with pytest.raises(RunError, match="E0722"):
        load_weights(torch.nn.Linear(3, 2), path)


def test_numbers_that_json_does_not_have_are_not_written(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            tracker.journal.write("step", loss=value)
        with pytest.raises(ValueError, match="JSON"):
            write_json(tmp_path / "result.json", {"loss": [value]})
        with pytest.raises(ValueError, match="JSON"):
            tracker.checkpoint("search", 1, {"best": value})
    tracker.close()
    assert (tmp_path / "journal.jsonl").read_bytes() == b""
    assert not (tmp_path / "result.json").exists()


def test_a_journal_is_that_of_its_run(tmp_path: Path) -> None:
    """It begins with whose it is, and a checkpoint goes with its lines."""
    for name in ("one", "other"):
        tracker = Tracker(tmp_path / name, whose={"id": name})
        tracker.journal.write("step", phase="search", step=0, loss=len(name))
        tracker.checkpoint("search", 1, {})
        tracker.close()
    Tracker(tmp_path / "one", whose={"id": "one"}).close()
    with pytest.raises(RunError, match="it is that of another run"):
        Tracker(tmp_path / "other", whose={"id": "one"})
    with pytest.raises(RunError, match="it is that of another network"):
        Tracker(tmp_path / "one", whose={"id": "one", "network": "random-1"})
    lines = (tmp_path / "one" / "journal.jsonl").read_bytes()
    shutil.rmtree(tmp_path / "one" / "checkpoints")
    shutil.copytree(tmp_path / "other" / "checkpoints", tmp_path / "one" / "checkpoints")
    with pytest.raises(RunError, match="E0722"):
        Tracker(tmp_path / "one", whose={"id": "one"})
    assert (tmp_path / "one" / "journal.jsonl").read_bytes() == lines


def test_lines_of_the_same_length_are_not_those_of_the_checkpoint(tmp_path: Path) -> None:
    """As two trackers of older versions, that do not begin with whose they are, may leave them."""
    for name, loss in (("one", 1), ("other", 2)):
        tracker = Tracker(tmp_path / name)
        tracker.journal.write("step", phase="search", step=0, loss=loss)
        tracker.checkpoint("search", 1, {})
        tracker.close()
    shutil.copy(tmp_path / "other" / "journal.jsonl", tmp_path / "one" / "journal.jsonl")
    with pytest.raises(RunError, match="the newest checkpoint was written with other lines"):
        Tracker(tmp_path / "one")
