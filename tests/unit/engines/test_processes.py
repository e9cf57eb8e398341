"""The engine of processes: what it does beyond what every engine does."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stdsl.runtime.engines.contract import Plain, Tell, Work
from stdsl.runtime.engines.processes import ProcessEngine, most_hands
from stdsl.runtime.engines.working import last_message
from stdsl.runtime.training.interruption import Interruption

PATIENCE = 300.0
WORK = Work("tests_engine_pieces:prepare", {"factor": 3})


@pytest.fixture(scope="module", autouse=True)
def importable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("modules")
    (folder / "tests_engine_pieces.py").write_text(Path(__file__).with_name("pieces.py").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def until(holds: object) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_fresh_processes_devices_and_the_loss_of_what_they_are_forked_from(tmp_path: Path) -> None:
    """One engine for all of it: starting one takes seconds."""
    with ProcessEngine(WORK, 2, lambda id, message: None, devices=("5", "7")) as engine:
        for number in range(4):
            engine.submit(str(number), {"do": "process", "seconds": 0.3})
        found = []
        while len(found) < 4:
            done = engine.wait(PATIENCE)
            assert done is not None
            assert done.value is not None
            found.append(done.value)
        assert len({facts["process"] for facts in found}) == 4
        assert {facts["devices"] for facts in found} == {"5", "7"}

        mark = tmp_path / "mark"
        engine.submit("lost", {"do": "sleep", "seconds": 600.0, "hangs": True, "mark": str(mark)})
        until(lambda: mark.exists() and mark.read_text())
        assert engine._nursery is not None
        os.kill(engine._nursery.process.pid, signal.SIGKILL)
        done = engine.wait(PATIENCE)
        assert done is not None
        assert done.fault is not None
        assert done.fault.kind == "lost"
        assert "SIGKILL" in done.fault.words
        until(lambda: gone(int(mark.read_text())))

        mark.unlink()
        engine.submit("again", {"do": "sleep", "seconds": 600.0, "hangs": True, "mark": str(mark)})
        until(lambda: mark.exists() and mark.read_text())
    until(lambda: gone(int(mark.read_text())))  # leaving ends what is under way


def test_what_a_process_began_goes_with_it(tmp_path: Path) -> None:
    """However it ends: killed, too late, or with the process that it was forked from. It has the connection."""
    with ProcessEngine(WORK, 1, lambda id, message: None) as engine:
        for name, dies, timeout, kind in (("dies", True, None, "lost"), ("late", False, 1.0, "late")):
            mark = tmp_path / name
            engine.submit(name, {"do": "parent", "dies": dies, "mark": str(mark)}, timeout)
            done = engine.wait(60.0)
            assert done is not None
            assert done.fault is not None
            assert done.fault.kind == kind
            until(lambda mark=mark: gone(int(mark.read_text())))
        mark = tmp_path / "nursery"
        engine.submit("nursery", {"do": "parent", "dies": False, "mark": str(mark)})
        until(lambda: mark.exists() and mark.read_text())
        assert engine._nursery is not None
        os.kill(engine._nursery.process.pid, signal.SIGKILL)
        done = engine.wait(60.0)
        assert done is not None
        until(lambda: gone(int(mark.read_text())))


def test_the_next_process_is_there_before_its_work_and_may_be_lost() -> None:
    """Each piece has one of its own all the same."""
    with ProcessEngine(WORK, 1, lambda id, message: None) as engine:
        waiting = []
        for number in range(3):
            engine.submit(str(number), {"do": "process"})
            done = engine.wait(PATIENCE)
            assert done is not None
            assert done.value is not None
            assert engine._nursery is not None
            worked = done.value["process"]
            until(lambda worked=worked: [c for c in children(engine) if c != worked] and worked not in children(engine))
            waiting.append((worked, children(engine)[0]))
            if number == 1:
                os.kill(waiting[-1][1], signal.SIGKILL)
                until(lambda: waiting[-1][1] not in children(engine))
    (_, first), (second, killed), (third, _) = waiting
    assert second == first
    assert third != killed


REFUSING = """
import os
from pathlib import Path
from stdsl.runtime.engines import nursery

mark, asked, fork = Path({mark!r}), Path({asked!r}), os.fork

def refusing():
    if mark.exists():  # what it holds is the patience
        nursery.PATIENCE = float(mark.read_text())
        asked.touch()
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return fork()

os.fork = refusing
nursery.main(int(__import__("sys").argv[1]))
"""


def test_a_process_that_the_system_refuses_is_waited_for_and_told_of(
    tmp_path: Path, importable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, asked = tmp_path / "mark", tmp_path / "asked"
    (importable / "tests_engine_refusing.py").write_text(REFUSING.format(mark=str(mark), asked=str(asked)))
    monkeypatch.setattr("stdsl.runtime.engines.processes.NURSERY", "tests_engine_refusing")
    mark.write_text("600")
    with ProcessEngine(WORK, 1, lambda id, message: None) as engine:
        engine.submit("stopped", {"do": "process"})
        until(asked.exists)
        engine.stop()
        done = engine.wait(PATIENCE)
        assert done is not None
        assert done.fault is not None
        engine.submit("cancelled", {"do": "process"})
        engine.cancel("cancelled")
        asked.unlink()
        engine.submit("waits", {"do": "process"})
        # What was cancelled may have a process asked for already, whose end has to be heard first.
        until(lambda: engine.wait(0.05) is None and asked.exists())
        mark.unlink()
        done = engine.wait(PATIENCE)
        assert done is not None
        assert done.id == "waits"
        assert done.value is not None
        mark.write_text("0")
        found = []
        for number in range(2):  # a process may have been forked ahead
            engine.submit(f"refused {number}", {"do": "process"})
            found.append(engine.wait(PATIENCE))
        assert found[-1] is not None
        assert found[-1].fault is not None
        assert found[-1].fault.kind == "lost"
        assert found[-1].fault.words == (
            "no process could be begun for it: BlockingIOError: [Errno 11] Resource temporarily unavailable"
        )
        mark.unlink()
        engine.submit("again", {"do": "process"})
        done = engine.wait(PATIENCE)
        assert done is not None
        assert done.value is not None


def test_where_the_system_refuses_the_first_process_too_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = subprocess.Popen, [2]

    def popen(*words: object, **settings: object) -> subprocess.Popen[bytes]:
        if left[0]:
            left[0] -= 1
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return real(*words, **settings)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("subprocess.Popen", popen)
    with ProcessEngine(WORK, 1, lambda id, message: None) as engine:
        engine.submit("one", {"do": "process"})
        assert engine.wait(0.01) is None
        done = engine.wait(PATIENCE)
        assert done is not None
        assert done.value is not None
    monkeypatch.setattr("stdsl.runtime.engines.processes.PATIENCE", 0.0)
    left[0] = 1
    with ProcessEngine(WORK, 1, lambda id, message: None) as engine:
        engine.submit("one", {"do": "process"})
        done = engine.wait(PATIENCE)
        assert done is not None
        assert done.fault is not None
        assert "Resource temporarily unavailable" in done.fault.words


def test_where_nobody_hears_it_any_more_a_piece_of_work_ends() -> None:
    def unheard(message: Plain) -> None:
        raise BrokenPipeError("nobody reads")

    def doing(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        tell({"event": "step"})
        return {}

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        last_message(lambda: doing, {}, unheard, Interruption())


def test_hands_are_no_more_than_files_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for more, most in ((0, 1), (64 + 7, 3), (64 + 200, 100)):
        limit = len(os.listdir("/dev/fd")) + more
        monkeypatch.setattr("resource.getrlimit", lambda what, limit=limit: (limit, limit))
        assert most_hands() == most
    monkeypatch.setattr("resource.getrlimit", lambda what: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert most_hands() > 10**6


def children(engine: ProcessEngine) -> list[int]:
    """Those of the process that others are forked from, as far as they are at work or wait for it."""
    assert engine._nursery is not None
    number = engine._nursery.process.pid
    found = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    return [int(child) for child in found if not gone(int(child))]


DRIVER = """
import sys
from stdsl.runtime.engines.contract import Work
from stdsl.runtime.engines.processes import ProcessEngine
engine = ProcessEngine(Work("tests_engine_pieces:prepare", {"factor": 3}), 1, lambda id, message: None)
engine.submit("one", {"do": "sleep", "seconds": 600.0, "hangs": True, "mark": sys.argv[1]})
engine.wait(600.0)
"""


def test_where_the_driver_is_killed_nothing_goes_on(tmp_path: Path, importable: Path) -> None:
    mark = tmp_path / "mark"
    path = os.pathsep.join([str(importable), str(Path(__file__).parents[3])])
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(mark)], env=os.environ | {"PYTHONPATH": path}, cwd=tmp_path
    )
    until(lambda: mark.exists() and mark.read_text())
    driver.kill()
    driver.wait()
    until(lambda: gone(int(mark.read_text())))
