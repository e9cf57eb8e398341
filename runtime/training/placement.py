"""Where and how tensors lie: the device, the memory format that suits it, and the number format of activations."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import DeviceMissing

from ..data.batch import Batch
from .compiled import compiled

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True)
class Placement:
    """``channels_last``: convolutions get (N, T, H, W, C) or (N, H, W, C) in memory, which is faster on CPUs.
    ``bfloat16``: activations have that number format (weights, gradients and losses stay float32). ``compile``:
    networks go through ``torch.compile``."""

    device: torch.device
    channels_last: bool = True
    bfloat16: bool = False
    compile: bool = False

    @property
    def devices(self) -> tuple[str, ...]:
        """The GPUs of this machine, each by the name that a process sees it alone by, where the device is any of
        several; else none."""
        if self.device.type != "cuda" or self.device.index is not None or torch.cuda.device_count() < 2:
            return ()
        named = os.environ.get("CUDA_VISIBLE_DEVICES")
        return tuple(named.split(",") if named else map(str, range(torch.cuda.device_count())))

    def autocast(self) -> AbstractContextManager[Any]:
        """What forward passes and losses are computed in."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.bfloat16 else nullcontext()

    def function(self, model: nn.Module) -> Callable[..., Any]:
        """What computes ``model``, whose parameters it shares: the model itself, or its compiled form."""
        return compiled(model) if self.compile else model

    def model(self, model: M) -> M:
        """Move a model, in place: its 4D weights to channels_last, its 5D weights to channels_last_3d."""
        model.to(self.device)
        if self.channels_last:
            for parameter in model.parameters():
                parameter.data = self._laid_out(parameter.data)
        return model

    def put(self, batch: Batch) -> Batch:
        """Move a batch."""
        inputs = tuple(self._laid_out(x.to(self.device, non_blocking=True)) for x in batch.inputs)
        return Batch(inputs, batch.targets.to(self.device, non_blocking=True))

    def _laid_out(self, x: Tensor) -> Tensor:
        if not self.channels_last:
            return x
        if x.dim() == 5:
            return x.contiguous(memory_format=torch.channels_last_3d)
        return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x


def place(device: str) -> Placement:
    """``auto``: the first CUDA device if there is one, else the CPU."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return Placement(torch.device(device))


def available(device: str) -> Placement:
    """As :func:`place`. Raises RunError where there is no such device, or it cannot be used."""
    try:
        placement = place(device)
        torch.empty(1, device=placement.device)
        return placement
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise RunError([DeviceMissing(None, device, reason)]) from error
