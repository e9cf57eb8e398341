"""NNI's supernet as a process beside this one, step by step on request."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from measuring import Seconds
from torch import Tensor, nn
from torch.nn import functional as F

from .environment import UnavailableError, python_of

WORKER = Path(__file__).with_name("worker.py")


class Beside:
    """``python``: of NNI's environment; ``c``: channels of the first cell, of 8. Every question to the process raises
    UnavailableError where it has ended."""

    name = "NNI 3.0"

    def __init__(self, python: Path, c: int = 16, batch: int = 8) -> None:
        self.python, self.c, self.batch = python, c, batch
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self.process = subprocess.Popen(
            [str(python), str(WORKER), str(c), str(batch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate()
        self.errors.close()

    def ask(self, request: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            print(request, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            last = [text for text in self.errors.read().splitlines() if text.strip()][-1:]
            raise UnavailableError(f"it ended: {last[0] if last else 'no message'}")
        return json.loads(line)

    def seconds(self, step: str) -> Seconds:
        """One step, `forward_backward` or `bilevel`."""
        return Seconds(**self.ask(step))

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
    except UnavailableError as error:
        yield None, f"{Beside.name} did not run: {error}."
        return
    assert difference < 1e-6, f"{Beside.name} differs from the hand-written network: {difference:.1e}"
    with process:
        yield (
            process,
            f"{Beside.name} runs in a process of its own and takes its turn in each round; with the hand-written "
            f"network's weights its loss and gradients agree with it in float64 within {difference:.0e}. Its step on "
            "both is that of its `DartsLightningModule`, without Lightning around it.",
        )
