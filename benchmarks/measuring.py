"""Time, memory and saved bytes of training steps."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

Step = Callable[[], object]


@dataclass(frozen=True)
class Seconds:
    """Medians over rounds: by the clock, and of the processor (what other programs on the machine disturb less)."""

    wall: float
    cpu: float


def timed(step: Step) -> Seconds:
    """One step's seconds. A step that another process runs says them itself."""
    start, busy = time.perf_counter(), time.process_time()
    said = step()
    own = Seconds(time.perf_counter() - start, time.process_time() - busy)
    return said if isinstance(said, Seconds) else own


def interleaved(steps: Mapping[str, Step], rounds: int) -> dict[str, Seconds]:
    """Every round runs each step once; a first round is not counted."""
    wall: dict[str, list[float]] = {name: [] for name in steps}
    cpu: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name, step in steps.items():
            taken = timed(step)
            if turn:
                wall[name].append(taken.wall)
                cpu[name].append(taken.cpu)
        print(f"round {turn} of {rounds}", file=sys.stderr, flush=True)
    return {name: Seconds(statistics.median(wall[name]), statistics.median(cpu[name])) for name in steps}


def saved_bytes(forward: Callable[[], Tensor], parameters: set[int]) -> int:
    """Bytes that a forward pass keeps for the backward pass, every storage once, without the network's parameters
    (their addresses are ``parameters``)."""
    kept: dict[int, int] = {}

    def pack(t: Tensor) -> Tensor:
        storage = t.untyped_storage()
        if storage.data_ptr() not in parameters:
            kept[storage.data_ptr()] = max(kept.get(storage.data_ptr(), 0), storage.nbytes())
        return t.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        loss = forward()
    del loss
    return sum(kept.values())


def peak_saved_bytes(step: Step, parameters: set[int]) -> int:
    """The most bytes that are kept for backward passes at any moment of a step, every storage once, without the
    network's parameters (their addresses are ``parameters``). What a backward pass has used is not kept any more."""
    alive: dict[int, list[int]] = {}  # by address: how many want it, and its bytes
    most = 0

    class Kept:
        def __init__(self, tensor: Tensor) -> None:
            nonlocal most
            storage = tensor.untyped_storage()
            self.tensor, self.place = tensor.detach(), storage.data_ptr()
            if self.place not in parameters:
                alive.setdefault(self.place, [0, storage.nbytes()])[0] += 1
                most = max(most, sum(size for _, size in alive.values()))

        def __del__(self) -> None:
            if self.place in alive:
                alive[self.place][0] -= 1
                if not alive[self.place][0]:
                    del alive[self.place]

    with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
        step()
    return most


def peak_above_idle(script: Path, case: str, variant: str) -> int:
    """What ``script CASE --peak VARIANT`` prints, run as a process of its own."""
    done = subprocess.run(
        [sys.executable, str(script), case, "--peak", variant], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_resident() -> int:
    """The most memory that this process had, in bytes; ``ru_maxrss`` would count what its parent had when it forked."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
