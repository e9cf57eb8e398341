"""Files of a run in whose place stands something else: a pipe that is never written to, a device that never ends, a
link to a file of somebody else's. It is told of, nothing waits, and nothing is written outside of the run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas import run_files
from stdsl.runtime.data.networks.feature_files import FeatureFiles
from stdsl.runtime.tracking.checkpoint_files import newest_place
from stdsl.runtime.tracking.journal import Journal, read_journal
from stdsl.runtime.tracking.progress import holder
from stdsl.runtime.tracking.tracker import Tracker
from stdsl.runtime.trials.database import file_database

TEXT = b'{"event": "of somebody else"}\n'


def locked_features(folder: Path) -> None:
    with FeatureFiles(folder, "x").locked("train"):
        pass


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "journal": (run_files.JOURNAL, lambda folder: Journal(folder / run_files.JOURNAL).close()),
    "tracker": (run_files.JOURNAL, lambda folder: Tracker(folder).close()),
    "lock": (run_files.LOCK, lambda folder: Tracker(folder, exclusive=True).close()),
    "trials": (run_files.TRIAL_STORE, lambda folder: file_database(folder / run_files.TRIAL_STORE).close()),
    "features": (".train.lock", locked_features),
}
READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "journal": (run_files.JOURNAL, lambda folder: list(read_journal(folder / run_files.JOURNAL))),
    "holder": (run_files.LOCK, holder),
    "checkpoints": ("checkpoints/000001.safetensors", lambda folder: newest_place(folder / "checkpoints")),
}


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """What waits is interrupted."""

    def stop(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", [*WRITERS, *READERS])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_told_of(name: str, kind: str, tmp_path: Path) -> None:
    file, work = (WRITERS | READERS)[name]
    place = tmp_path / file
    place.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()
    if name == "holder":  # nobody works where there is no lock
        assert holder(tmp_path) is None
        return
    with pytest.raises((RunError, OSError)) as refused:
        work(tmp_path)
    if isinstance(refused.value, RunError):
        assert [found.code for found in refused.value.diagnostics] == ["E0721"]


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_is_written_where_a_link_leads(name: str, tmp_path: Path) -> None:
    file, work = WRITERS[name]
    other, run = tmp_path / "of_somebody_else", tmp_path / "run"
    other.write_bytes(TEXT)
    run.mkdir()
    (run / file).symlink_to(other)
    with pytest.raises((RunError, OSError), match="it is a link"):
        work(run)
    assert other.read_bytes() == TEXT
    other.unlink()
    with pytest.raises((RunError, OSError), match="it is a link"):
        work(run)
    assert not other.exists()


def test_a_journal_is_read_where_a_link_leads(tmp_path: Path) -> None:
    """Archives keep large files elsewhere."""
    (tmp_path / "kept").write_bytes(TEXT)
    (tmp_path / run_files.JOURNAL).symlink_to(tmp_path / "kept")
    assert [line["event"] for line in read_journal(tmp_path / run_files.JOURNAL)] == ["of somebody else"]
