"""Optimisers from their settings."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from stdsl.compiler.schemas.optimizers import SGD, Adam, AdamW
from stdsl.compiler.schemas.over import Over
from stdsl.compiler.schemas.schedules import scheduled

from .descent import Descent
from .formulas import value_of


def build_descent(
    settings: SGD | Adam | AdamW,
    parameters: Iterable[nn.Parameter],
    steps: int,
    steps_per_epoch: int,
    clip: float | None = None,
) -> Descent:
    """The optimiser of ``settings`` with its learning rate laid over ``steps``."""

    def rate(t: int) -> float:
        if isinstance(settings.lr, Over):
            return float(value_of("lr", settings.lr, 0, t=t + 1, T=steps))
        return scheduled(settings.lr, t, steps, steps_per_epoch)

    owned = [{"params": list(parameters)}]  # a group may be empty: a search that has nothing left to decide
    optimizer: torch.optim.Optimizer
    match settings:
        case SGD():
            optimizer = torch.optim.SGD(
                owned,
                rate(0),
                settings.momentum,
                weight_decay=settings.weight_decay,
                nesterov=settings.nesterov,
                foreach=True,  # the same numbers, with fewer calls for the many small tensors of a supernet
            )
        case Adam():
            optimizer = torch.optim.Adam(owned, rate(0), settings.betas, settings.eps, settings.weight_decay)
        case AdamW():
            optimizer = torch.optim.AdamW(owned, rate(0), settings.betas, settings.eps, settings.weight_decay)
    return Descent(optimizer, rate, clip)
