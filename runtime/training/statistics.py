"""The running statistics of batch-norms: kept from changing, or left aside in an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import nn

Statistics = Literal["batch", "running"]


@contextmanager
def keeping_buffers(model: nn.Module) -> Iterator[None]:
    """Afterwards all buffers of ``model`` (running statistics) are as before."""
    before = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in before:
                buffer.copy_(value)


@contextmanager
def measured_anew(model: nn.Module) -> Iterator[None]:
    """What passes through ``model`` inside the block, in batches of one size, gives its batch-norms (but frozen ones)
    their running means and variances: the averages over all batches, whatever they were before. Dropout is off.
    Afterwards the mode is as before."""
    was_training = model.training
    model.train()
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.training]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    try:
        for norm in norms:
            norm.train()
            norm.reset_running_stats()
            norm.momentum = None  # torch's way to ask for a plain average
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        model.train(was_training)


@contextmanager
def evaluating(model: nn.Module, statistics: Statistics = "running") -> Iterator[None]:
    """``model`` in evaluation mode; with ``batch`` its batch-norms use the mean and variance of each batch, and
    leave their running ones alone. Dropout is off in either case. Afterwards the mode is as before."""
    was_training = model.training
    try:
        if statistics == "running":
            model.eval()
            yield
            return
        model.train()
        for module in model.modules():
            if isinstance(module, nn.modules.dropout._DropoutNd):
                module.eval()
        with keeping_buffers(model):
            yield
    finally:
        model.train(was_training)
