"""What every engine does: the suite that a new one has to pass."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))

from private_network import INSIDE

from stdsl.runtime.engines.contract import Done, Engine, Plain, Work
from stdsl.runtime.engines.here import HereEngine
from stdsl.runtime.engines.processes import ProcessEngine

ROOT = Path(__file__).parents[3]
PREPARE = "tests_engine_pieces:prepare"
PATIENCE = 60.0
HANDS = 2


@pytest.fixture(scope="module", autouse=True)
def importable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The pieces of work under a name that any process finds."""
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "tests_engine_pieces.py").write_text(Path(__file__).with_name("pieces.py").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


class Heard:
    """What pieces of work said, by their ids."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Plain]] = []

    def __call__(self, id: str, message: Plain) -> None:
        self.messages.append((id, message))


def here(work: Work, heard: Heard) -> Engine:
    return HereEngine(work, heard)


def processes(work: Work, heard: Heard) -> Engine:
    return ProcessEngine(work, HANDS, heard)


def ray(work: Work, heard: Heard) -> Engine:
    """On a cluster of two machines, which are both this one; see ``test_ray.py``."""
    from stdsl.runtime.engines.ray_cluster import RayEngine

    return RayEngine(work, heard, address=cluster())


@cache
def cluster() -> str:
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = os.pathsep.join([next(path for path in sys.path if path.endswith("pieces0")), str(ROOT)])
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=HANDS - 1)
    atexit.register(made.shutdown)
    return str(made.address)


ENGINES: dict[str, Callable[[Work, Heard], Engine]] = {"here": here, "processes": processes}
if INSIDE in os.environ:
    ENGINES = {"ray": ray}
APART = [name for name in ENGINES if name != "here"]
"""Engines whose work is in processes of its own."""


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, tuple[Engine, Heard]]]:
    """One of each for the whole suite: starting one takes seconds, and each test leaves it as it was."""
    made = {}
    for name, make in ENGINES.items():
        heard = Heard()
        made[name] = (make(Work(PREPARE, {"factor": 3}), heard).__enter__(), heard)
    yield made
    for engine, _ in made.values():
        engine.__exit__(None, None, None)


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest, engines: dict[str, tuple[Engine, Heard]]) -> Engine:
    return engines[request.param][0]


@pytest.fixture(params=APART)
def apart(request: pytest.FixtureRequest, engines: dict[str, tuple[Engine, Heard]]) -> Engine:
    return engines[request.param][0]


def ends(engine: Engine, count: int) -> dict[str, Done]:
    """The next so many ends, by id."""
    found: dict[str, Done] = {}
    limit = time.monotonic() + PATIENCE
    while len(found) < count:
        assert time.monotonic() < limit, f"{count - len(found)} pieces of work never ended"
        done = engine.wait(1.0)
        if done is not None:
            assert done.id not in found
            found[done.id] = done
    return found


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def fault_of(done: Done) -> Any:
    assert done.value is None
    assert done.fault is not None
    return done.fault


def test_it_does_more_than_it_has_slots_for(engine: Engine) -> None:
    for number in range(7):
        engine.submit(f"piece {number}", {"do": "multiply", "by": number})
    found = ends(engine, 7)
    assert {id: done.value for id, done in found.items()} == {f"piece {n}": {"product": 3 * n} for n in range(7)}
    assert engine.wait(0.0) is None


def test_what_is_said_is_heard_in_order_and_before_the_end(
    engine: Engine, engines: dict[str, tuple[Engine, Heard]]
) -> None:
    heard = next(heard for one, heard in engines.values() if one is engine)
    heard.messages.clear()
    engine.submit("talker", {"do": "say", "times": 5})
    ends(engine, 1)
    assert heard.messages == [("talker", {"event": "note", "number": number}) for number in range(5)]


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("raise", "builtins.ValueError", "ValueError: no such thing"),
        ("garble", "builtins.ValueError", r"ValueError: caf\udce9.png\x00 \x1b[2J"),
        ("exhaust", "builtins.MemoryError", "MemoryError: the system refused more"),
        ("pipe", "builtins.BrokenPipeError", "BrokenPipeError: a pipe of its own is closed"),
    ],
)
def test_an_error_is_told_of(engine: Engine, what: str, error: str, words: str) -> None:
    engine.submit("wrong", {"do": what})
    engine.submit("right", {"do": "multiply", "by": 2})
    found = ends(engine, 2)
    fault = fault_of(found["wrong"])
    assert (fault.kind, fault.error, fault.words) == ("raised", error, words)
    assert found["right"].value == {"product": 6}


def test_work_that_cannot_be_prepared_is_told_of_each_time() -> None:
    for make in ENGINES.values():
        with make(Work(PREPARE, {"factor": 3, "fails": True}), Heard()) as engine:
            for _ in range(2):
                engine.submit("one", {"do": "multiply", "by": 1})
                (done,) = ends(engine, 1).values()
                assert fault_of(done).words == "RuntimeError: it cannot be prepared"


def test_what_was_cancelled_has_no_end(engine: Engine, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        engine.submit(name, {"do": "sleep", "seconds": 30.0, "mark": str(tmp_path / name)})
    for name in ("a", "b", "c"):
        engine.cancel(name)
    engine.cancel("of nothing")
    engine.submit("after", {"do": "multiply", "by": 1})
    assert set(ends(engine, 1)) == {"after"}


@pytest.mark.parametrize("how", ["die", "leave"])
def test_a_lost_process_loses_its_own_work_alone(apart: Engine, how: str) -> None:
    for number in range(3):
        apart.submit(f"right {number}", {"do": "multiply", "by": number})
    apart.submit("wrong", {"do": how})
    found = ends(apart, 4)
    assert [found[f"right {n}"].value for n in range(3)] == [{"product": 3 * n} for n in range(3)]
    fault = fault_of(found["wrong"])
    assert fault.kind == "lost"
    assert fault.words


def test_what_was_lost_can_be_submitted_again(apart: Engine, tmp_path: Path) -> None:
    payload = {"do": "once", "mark": str(tmp_path / "mark")}
    apart.submit("again", payload)
    assert fault_of(ends(apart, 1)["again"]).kind == "lost"
    apart.submit("again", payload)
    assert ends(apart, 1)["again"].value == {"attempt": "second"}


def test_what_hangs_is_ended_when_its_time_is_over(apart: Engine, tmp_path: Path) -> None:
    hanging = {"do": "sleep", "seconds": 600.0, "hangs": True, "mark": str(tmp_path / "mark")}
    apart.submit("hanging", hanging, timeout=0.3)
    apart.submit("in time", {"do": "multiply", "by": 1}, timeout=PATIENCE)
    found = ends(apart, 2)
    fault = fault_of(found["hanging"])
    assert (fault.kind, fault.words) == ("late", "it took longer than 0.3 seconds")
    assert found["in time"].value == {"product": 3}


def test_asked_to_stop_work_keeps_its_state_and_ends(apart: Engine, tmp_path: Path) -> None:
    marks = [tmp_path / str(number) for number in range(HANDS + 2)]
    for mark in marks:
        apart.submit(mark.name, {"do": "sleep", "seconds": 600.0, "mark": str(mark)})
    until(lambda: sum(mark.exists() for mark in marks) == HANDS)
    assert apart.wait(0.2) is None
    apart.stop()
    found = ends(apart, len(marks))
    assert {fault_of(done).kind for done in found.values()} == {"stopped"}
    assert sum(mark.exists() and mark.read_text() == "kept" for mark in marks) == HANDS


def test_pieces_are_done_elsewhere_with_one_thread(apart: Engine) -> None:
    for number in range(4):
        apart.submit(str(number), {"do": "process"})
    found = [done.value or {} for done in ends(apart, 4).values()]
    assert os.getpid() not in {facts["process"] for facts in found}
    assert {facts["threads"] for facts in found} == {1}
