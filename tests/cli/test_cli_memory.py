"""Too little memory is no mistake of the compiler's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SPACE = Path(__file__).parents[1] / "golden" / "commands" / "e0651_no_such_search" / "short.space"


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce] . DefaultCPUAllocator: can't allocate memory: 9 bytes")]
)
def test_no_memory_is_a_message(stdsl: Any, small: str, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    import stdsl.cli.commands.count as module

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(module, "count", fail)
    result = stdsl("count", f"{small}::small")
    assert result.exit_code == 1
    assert "error: there is not enough memory" in result.stderr
    assert "internal" not in result.stderr


def test_a_plan_that_plainly_exceeds_the_memory_is_refused(stdsl: Any, tmp_path: Path) -> None:
    settings = ("strategy.batch=10000000", "data.train=10000000", "data.valid=10000000")
    options = [part for setting in settings for part in ("--set", setting)]
    result = stdsl("run", str(SPACE), *options, "--device", "cpu", "--out", str(tmp_path / "run"), "-q")
    assert result.exit_code == 1
    assert "error[E0707]" in result.stderr
    assert "a step takes about" in result.stderr
    assert not (tmp_path / "run").exists()
    # The plan of it can be looked at, and says that it would be refused.
    result = stdsl("plan", str(SPACE), *options, "--device", "cpu")
    assert result.exit_code == 1
    assert "together" in result.stdout
    assert "error[E0707]" in result.stderr


def test_a_plan_says_what_would_not_run(stdsl: Any) -> None:
    result = stdsl("plan", str(SPACE), "--set", "strategy.relax.sharing=slice")
    assert result.exit_code == 2
    assert "error[E0701]" in result.stderr
