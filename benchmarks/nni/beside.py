"""NNI's supernet as a process beside this one, step by step on request."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from process import EndedError, Process
from torch import Tensor, nn
from torch.nn import functional as F

from .environment import UnavailableError, python_of

WORKER = Path(__file__).with_name("worker.py")


class Beside(Process):
    """``python``: of NNI's environment; ``c``: channels of the first cell, of 8."""

    name = "NNI 3.0"

    def __init__(self, python: Path, c: int = 16, batch: int = 8) -> None:
        self.python, self.c, self.batch = python, c, batch
        super().__init__([str(python), str(WORKER), str(c), str(batch)])

    def peak(self) -> int:
        """Bytes that steps add to the resident memory of a fresh process."""
        with Beside(self.python, self.c, self.batch) as other:
            answer: int = other.ask("peak")
        return answer

    def difference(self, hand: Callable[[], nn.Module]) -> float:
        """The greatest relative difference of loss and gradients from the hand-written network's, in float64."""
        torch.manual_seed(0)
        net = hand().double().train()
        x, y = torch.randn(2, 3, 32, 32, dtype=torch.float64), torch.tensor([1, 2])
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        state = {name: p.detach() for name, p in net.named_parameters()}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "weights.pt"
            torch.save({"state": state, "x": x, "y": y}, file)
            theirs = self.ask(f"loss {file}")["loss"]
            gradients: dict[str, Tensor] = torch.load(file, weights_only=True)
        differences = [abs(loss.item() - theirs) / abs(loss.item())]
        for name, p in net.named_parameters():
            assert p.grad is not None
            differences.append(((gradients[name] - p.grad).norm() / p.grad.norm().clamp_min(1e-12)).item())
        return max(differences)


@contextmanager
def beside(wanted: bool, hand: Callable[[], nn.Module]) -> Iterator[tuple[Beside | None, *tuple[str, ...]]]:
    """The process and what a table says about it, or None and the reason why NNI does not run; None if not wanted."""
    if not wanted:
        yield (None,)
        return
    try:
        process = Beside(python_of())
        difference = process.difference(hand)
    except (UnavailableError, EndedError) as error:
        yield None, f"{Beside.name} did not run: {error}."
        return
    assert difference < 1e-6, f"{Beside.name} differs from the hand-written network: {difference:.1e}"
    with process:
        yield (
            process,
            f"With the hand-written network's weights the loss and gradients of {Beside.name} agree with it in float64 "
            f"within {difference:.0e}. Its step on both is that of its `DartsLightningModule`, without Lightning "
            "around it.",
        )
