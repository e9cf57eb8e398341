"""Commands in processes of their own that start in no time, and can be killed at a given moment."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "generators"))

from kills.process import Zygote

Order = Callable[..., int]


@pytest.fixture
def processes() -> None:
    """Asked for by tests whose runs shall train in further processes."""


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other runs of this process have none: each would import torch anew, and gives the same bits."""
    if "processes" not in request.fixturenames:
        monkeypatch.setattr("stdsl.runtime.run._hands", lambda *_: 0)


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """One for all tests: it computes nothing itself, and its imports take seconds."""
    with Zygote(tmp_path_factory.mktemp("output") / "output.txt") as zygote:
        yield zygote


@pytest.fixture(scope="module")
def stdsl(zygote: Zygote) -> Order:
    """Runs a command in a fresh process; returns its exit code, negative for a signal."""

    def order(*argv: str, moment: str | None = None, number: int = 0, journal: str | None = None) -> int:
        zygote.output.write_text("")
        code = zygote.run(*argv, moment=moment, number=number, journal=journal)
        assert code in (0, -signal.SIGKILL), zygote.output.read_text()
        return code

    return order


@pytest.fixture(scope="module")
def example() -> Iterator[Callable[[str], ModuleType]]:
    """Imports a script of `examples/` by its name, with what it shares with others."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(Path(__file__).parents[2] / "examples"))
        yield importlib.import_module
