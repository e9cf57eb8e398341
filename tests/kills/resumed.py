"""A run that is killed and gone on with, held to one that nothing disturbs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from .outcome import outcome


def killed_and_gone_on_with(
    stdsl: Callable[..., int], search: Path, folder: Path, step: int, leave: Sequence[str] = ()
) -> Path:
    """Runs a search in ``folder``, and once more, killed at a step and resumed: both must leave the same, bit by bit.
    ``leave``: options that the resumed run needs, too. The place of the undisturbed run."""
    whole, broken = folder / "whole", folder / "broken"
    assert stdsl("run", str(search), "--device", "cpu", *leave, "--out", str(whole)) == 0
    killed = stdsl("run", str(search), "--device", "cpu", *leave, "--out", str(broken), moment="step", number=step)
    assert killed == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken), *leave) == 0
    assert outcome(broken) == outcome(whole)
    return whole
