"""Commands in processes of their own that start in no time, and can be killed at a given moment."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from kills.process import Zygote

Order = Callable[..., int]


@pytest.fixture(scope="module")
def stdsl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Order]:
    """Runs a command in a fresh process; returns its exit code, negative for a signal."""
    with Zygote(tmp_path_factory.mktemp("output") / "output.txt") as zygote:

        def order(*argv: str, moment: str | None = None, number: int = 0) -> int:
            code = zygote.run(*argv, moment=moment, number=number)
            assert code in (0, -signal.SIGKILL), zygote.output.read_text()
            return code

        yield order
